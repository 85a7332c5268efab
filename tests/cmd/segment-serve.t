#!/bin/sh
# segment-serve: what curl gets, and what nobody may get.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../serve.sh"

spool=$tmp/spool page=$tmp/page
seg=s1/h264/000001/000000/000000001.m4s
mkdir -p "$spool/src/s1/000001/000000" "$spool/www/s1/h264/000001/000000" \
    "$spool/www/idle/h264" "$spool/www/s1.m4s" "$page"
printf '0123456789' >"$spool/www/$seg"
printf '#EXTM3U\n' >"$spool/www/s1/main.m3u8"
printf '#EXTM3U\n' >"$spool/www/s1/h264/live.m3u8"
printf '#EXTM3U\n' >"$spool/www/idle/main.m3u8"
printf '#EXTM3U\n' >"$spool/www/idle/h264/live.m3u8"
touch -d '1 hour ago' "$spool/www/idle/h264/live.m3u8"
printf 'init' >"$spool/www/s1/h264/init-000001.mp4"
printf 'half' >"$spool/www/s1/h264/000001/000000/.000000002.m4s.1"
printf 'secret' >"$spool/src/s1/000001/000000/000000001.mp4"
printf 'secret' >"$tmp/outside"
ln -s "$tmp/outside" "$spool/www/s1/link.m3u8"
ln -s ../../src "$spool/www/s1/srclink"
ln -s main.m3u8 "$spool/www/s1/inner.m3u8"
mkfifo "$spool/www/s1/fifo.m4s"
for f in index.html a.js a.css a.jpg a.vtt a.mpd movie.mp4; do
	printf 'page %s' "$f" >"$page/$f"
done

serve "$spool" --page "$page" --threads 2 --log --metrics "$tmp/metrics" \
    >"$tmp/log" 2>"$tmp/serve.err"
[ "${port:-0}" -gt 0 ]; ok $? 'says its port when ready'
base=$url

# get PATH [CURL OPTION...]: $code, $tmp/head and $tmp/body
get() {
	get_path=$1; shift
	: >"$tmp/body"
	code=$(curl -s -m 10 --path-as-is -D "$tmp/head" -o "$tmp/body" \
	    -w '%{http_code}' "$@" "$base$get_path") || code=failed
	tr -d '\r' <"$tmp/head" >"$tmp/h"
}
field() { sed -n "s/^$1: //ip" "$tmp/h"; }
body_is() { printf '%s' "$1" | cmp -s - "$tmp/body"; ok $? "$2"; }

get "/$seg"
is "$code" 200 'a segment'
body_is 0123456789 'its bytes'
is "$(field Content-Type)" video/iso.segment 'its type'
is "$(field Content-Length)" 10 'its length'
is "$(field Cache-Control)" 'public, max-age=3600, immutable' \
    'caches may keep it'
is "$(field Access-Control-Allow-Origin)" '*' 'any page may load it'
field Access-Control-Expose-Headers | grep -q 'Content-Range.*Date.*Age.*ETag'
ok $? 'and see the headers that players use'
is "$(field Accept-Ranges)" bytes 'it has ranges'
etag=$(field ETag) modified=$(field Last-Modified)
[ -n "$etag" ] && [ -n "$modified" ] && [ -n "$(field Date)" ]
ok $? 'ETag, Last-Modified and Date'

for pair in s1/main.m3u8=application/vnd.apple.mpegurl \
    s1/h264/init-000001.mp4=video/mp4 a.mpd=application/dash+xml \
    'a.js=text/javascript; charset=utf-8' 'a.css=text/css; charset=utf-8' \
    a.jpg=image/jpeg 'a.vtt=text/vtt; charset=utf-8'; do
	get "/${pair%%=*}"
	is "$code $(field Content-Type)" "200 ${pair#*=}" "type of ${pair%%=*}"
done
get /s1/main.m3u8
is "$(field Cache-Control)" no-cache 'a playlist is asked for again'
get /movie.mp4
is "$(field Cache-Control)" no-cache "so are the page's own files"
get /
is "$code $(field Content-Type)" '200 text/html; charset=utf-8' '/ is the page'
body_is 'page index.html' 'its index.html'

# Ranges.
get "/$seg" -H 'Range: bytes=2-4'
is "$code $(field Content-Range) $(field Content-Length)" \
    '206 bytes 2-4/10 3' 'a range'
body_is 234 'the bytes of the range'
get "/$seg" -H 'Range: bytes=-3'
is "$code $(field Content-Range)" '206 bytes 7-9/10' 'a suffix'
body_is 789 'the bytes of the suffix'
get "/$seg" -H 'Range: bytes=8-'
is "$code $(field Content-Range)" '206 bytes 8-9/10' 'an open range'
get "/$seg" -H 'Range: bytes=10-'
is "$code $(field Content-Range)" '416 bytes */10' 'a range behind the end'
get "/$seg" -H 'Range: bytes=0-1,4-5'
is "$code" 200 'several ranges give everything'
body_is 0123456789 'all its bytes'
get "/$seg" -H 'Range: bytes=2-4' -H "If-Range: $etag"
is "$code" 206 'If-Range with the right ETag'
get "/$seg" -H 'Range: bytes=2-4' -H 'If-Range: "other"'
is "$code" 200 'If-Range with another one'

# Validators.
get "/$seg" -H "If-None-Match: \"x\", $etag"
is "$code $(field ETag)" "304 $etag" 'If-None-Match'
[ ! -s "$tmp/body" ]; ok $? 'a 304 has no body'
case $(field Content-Length) in ''|10) true ;; *) false ;; esac
ok $? 'and does not say that the length is 0'
get "/$seg" -H "If-Modified-Since: $modified"
is "$code" 304 'If-Modified-Since'
get "/$seg" -H 'If-None-Match: "x"' -H "If-Modified-Since: $modified"
is "$code" 200 'If-None-Match goes before it'
get /s1/main.m3u8
etag=$(field ETag)
printf '#EXTM3U\n' >"$spool/www/s1/.new"
touch -r "$spool/www/s1/main.m3u8" "$spool/www/s1/.new"
mv "$spool/www/s1/.new" "$spool/www/s1/main.m3u8"
get /s1/main.m3u8 -H "If-None-Match: $etag"
is "$code" 200 'a replaced playlist of the same size and time is new'

# Methods.
get "/$seg" -I
is "$code $(field Content-Length)" '200 10' 'HEAD'
get "/$seg" -I -H 'Range: bytes=2-4'
is "$code $(field Content-Length)" '200 10' 'HEAD knows no range'
get "/$seg" -X OPTIONS -H 'Origin: http://x' \
    -H 'Access-Control-Request-Method: GET' \
    -H 'Access-Control-Request-Headers: range'
is "$code $(field Access-Control-Allow-Methods)" '204 GET, HEAD, OPTIONS' \
    'a preflight'
field Access-Control-Allow-Headers | grep -q Range
ok $? 'allows Range'
for method in POST PUT DELETE PATCH; do
	get "/$seg" -X $method -d data
	is "$code $(field Allow)" '405 GET, HEAD, OPTIONS' "$method"
done

# What is not there for anybody.
for path in /s1/h264/000001/000000/.000000002.m4s.1 /s1 /s1/ /s1/none.m4s \
    /s1.m4s /s1/fifo.m4s /s1/link.m3u8 /s1/inner.m3u8 \
    /s1/srclink/s1/000001/000000/000000001.mp4 \
    /../src/s1/000001/000000/000000001.mp4 \
    /s1/../../src/s1/000001/000000/000000001.mp4 \
    /%2e%2e/src/s1/000001/000000/000000001.mp4 \
    /s1/..%2f..%2fsrc/s1/000001/000000/000000001.mp4 \
    /s1/%2e./main.m3u8 '/s1\main.m3u8' /s1%5cmain.m3u8 \
    //s1/main.m3u8 /s1//main.m3u8 /./s1/main.m3u8 \
    /s1/main.m3u8%00 /s1/main.m3u8%00.mp4 /s1/main.m3u8%0a /%zz /%; do
	get "$path"
	is "$code" 404 "no $path"
	! grep -q secret "$tmp/body" || ok 1 "$path shows nothing"
done
get "/$(printf '%02000d' 0)"
is "$code" 404 'a path that is too long'

# The stream list.  Live is what changed a moment ago.
touch "$spool/www/s1/h264/live.m3u8"
get /streams.json
is "$code $(field Content-Type)" '200 application/json' '/streams.json'
is "$(jq -r 'sort_by(.name)[] | "\(.name) \(.url) \(.live)"' "$tmp/body")" \
    "idle /idle/main.m3u8 false
s1 /s1/main.m3u8 true" 'lists what is live and what is not'
is "$(jq '[.[] | .age_ms | type] | unique == ["number"]' "$tmp/body")" true \
    'with ages'

# Compressed, for who takes it.
{
	printf '#EXTM3U\n#EXT-X-TARGETDURATION:6\n'
	seq -f '#EXTINF:6,
%09g.m4s' 100
} >"$spool/www/s1/h264/.new"
mv "$spool/www/s1/h264/.new" "$spool/www/s1/h264/live.m3u8"
get /s1/h264/live.m3u8
is "$(field Content-Encoding) $(field Vary)" ' Accept-Encoding' \
    'not compressed'
is "$(field Cache-Control)" max-age=3 'half a target duration'
plain=$(field ETag)
get /s1/h264/live.m3u8 -H 'Accept-Encoding: br, gzip'
is "$code $(field Content-Encoding)" '200 gzip' 'gzip'
zipped=$(field ETag)
[ "$plain" != "$zipped" ]; ok $? 'with an ETag of its own'
is "$(field Content-Length)" "$(wc -c <"$tmp/body")" 'and its length'
gzip -dc <"$tmp/body" | cmp -s - "$spool/www/s1/h264/live.m3u8"
ok $? 'it is the playlist'
get /s1/h264/live.m3u8 -H 'Accept-Encoding: gzip' -H "If-None-Match: $zipped"
is "$code $(field ETag)" "304 $zipped" 'unchanged'
get /s1/h264/live.m3u8 -H 'Accept-Encoding: gzip;q=0'
is "$(field Content-Encoding)" '' 'not for who does not'
get /s1/main.m3u8 -H 'Accept-Encoding: gzip'
is "$(field Content-Encoding)" '' 'nor where it is no use'
get "/$seg" -H 'Accept-Encoding: gzip'
is "$(field Content-Encoding)" '' 'nor segments'
get /s1/h264/live.m3u8 -I -H 'Accept-Encoding: gzip'
is "$code $(field Content-Encoding)" '200 gzip' 'HEAD says the same'

# The time, for DASH.
get /time
is "$code $(field Cache-Control)" '200 no-store' '/time'
said=$(date -d "$(cat "$tmp/body")" +%s) now=$(date +%s)
[ $((now - said)) -ge 0 ] && [ $((now - said)) -lt 20 ]
ok $? "it is the time: $(cat "$tmp/body")"

# Low latency is not offered, but its one rule without a playlist holds.
get '/s1/main.m3u8?_HLS_part=1'
is "$code" 400 '_HLS_part without _HLS_msn'
get '/s1/main.m3u8?_HLS_msn=1&_HLS_part=1'
is "$code" 200 'other directives are ignored'

# A header over the limit ends that connection, not the server.
get / -H "X-Long: $(printf '%040000d' 0)"
case $code in 4*|5*|failed|000) true ;; *) false ;; esac
ok $? 'a header that is too long is refused'
get /s1/main.m3u8
is "$code" 200 'and the next request is served'

# An answer under way is finished after SIGTERM.
head -c 20000000 /dev/zero >"$spool/www/s1/big.m4s"
curl -s -m 20 --limit-rate 12M -o "$tmp/big" "$base/s1/big.m4s" &
curl_pid=$!
wait_for 10 test -s "$tmp/big"
kill -TERM "$server"
st=0; wait "$server" || st=$?
is "$st" 0 'SIGTERM: status 0'
wait "$curl_pid"
is "$(wc -c <"$tmp/big")" 20000000 'the answer under way was finished'
pids=
is "$(cat "$tmp/serve.err")" '' 'nothing on standard error'

is "$(awk -F '\t' 'NF != 7 || $5 !~ /^[0-9]+$/' "$tmp/log")" '' \
    'the log has seven fields'
is "$(head -n 1 "$tmp/log" | cut -f 2-6)" \
    "127.0.0.1	GET	/$seg	200	10" 'of the first request'
is "$(grep -c '	304	0	' "$tmp/log")" 3 'three were unchanged'
is "$(tail -n 1 "$tmp/log" | cut -f 4-6)" '/s1/big.m4s	200	20000000' \
    'the last is there'
grep -q '^livespool_http_requests_total [0-9]' "$tmp/metrics"
ok $? 'there are metrics'

run /dev/null segment-serve
status_is 64 'no spool is wrong usage'
run /dev/null segment-serve --spool "$spool" extra
status_is 64 'an operand is wrong usage'
run /dev/null segment-serve --spool "$tmp/none"
status_is 66 'a spool that is not there'
stderr_has "cannot open directory '$tmp/none/www'" 'and which'
run /dev/null segment-serve --spool "$spool" --listen 192.0.2.1:0
status_is 71 'an address that is not ours'
run /dev/null segment-serve --spool "$spool" --listen 127.0.0.1:99999
status_is 64 'a port that is none'
run /dev/null segment-serve --version
status_is 0 '--version'
done_testing
