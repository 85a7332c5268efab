#!/bin/bash
# nginx in front of segment-serve, and in its place, by the examples that are
# shipped.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../serve.sh"
if ! command -v nginx >/dev/null; then
	skip 'no nginx here' 'nginx in front, and alone'
	done_testing
	exit
fi

www=$tmp/spool/www/s1/h264
mkdir -p "$www" "$tmp/cache" "$tmp/nginx"
list() {		# list LAST
	printf '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n' \
	    "$1"
	printf '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n'
	printf '#EXTINF:2,\n%d.m4s\n' "$1"
}
list 5 >"$www/live.m3u8"
echo media >"$www/5.m4s"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -days 2 -subj /CN=x -keyout "$tmp/key.pem" -out "$tmp/cert.pem" \
    2>"$tmp/err"

serve "$tmp/spool" --log >"$tmp/log"
front=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
	Listen => 1, LocalAddr => "127.0.0.1")->sockport')
sed -e "s|/var/cache/nginx/livespool|$tmp/cache|" -e "s|:8080|:$port|" \
    -e "s|listen 443|listen 127.0.0.1:$front|" \
    -e "s|/etc/ssl/live|$tmp|" "$here/../../examples/nginx/front.conf" \
    >"$tmp/front.conf"
cat >"$tmp/nginx.conf" <<EOT
user root; pid $tmp/pid; error_log $tmp/nginx.err; daemon off;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path $tmp/nginx/1; proxy_temp_path $tmp/nginx/2;
	fastcgi_temp_path $tmp/nginx/3; uwsgi_temp_path $tmp/nginx/4;
	scgi_temp_path $tmp/nginx/5;
	include $tmp/front.conf;
}
EOT
nginx -t -p "$tmp" -c "$tmp/nginx.conf" >"$tmp/err" 2>&1
ok $? 'nginx takes the example'
nginx -p "$tmp" -c "$tmp/nginx.conf" 2>"$tmp/err" &
pids="$pids $!"
wait_for 20 test -s "$tmp/pid"

get() {			# get PATH OUT
	curl -sk -m 20 --http2 -o "$2" -w '%{http_code} %{http_version}' \
	    "https://127.0.0.1:$front$1"
}
up() { get /time /dev/null | grep -q 200; }
wait_for 20 up
is "$(get /s1/h264/5.m4s "$tmp/out")" '200 2' 'a segment, by HTTP/2'
get /s1/h264/5.m4s "$tmp/out" >/dev/null
asked() { grep -c "	$1	" "$tmp/log"; }
wait_for 10 asked /s1/h264/5.m4s
is "$(asked /s1/h264/5.m4s)" 1 'twice, but the origin was asked once'

waiters=
for i in 1 2 3; do
	get '/s1/h264/live.m3u8?_HLS_msn=6' "$tmp/held.$i" >"$tmp/code.$i" &
	waiters="$waiters $!"
done
sleep 0.5
! cat "$tmp"/code.? | grep -q .; ok $? 'three blocking requests are held'
list 6 >"$www/.new"
mv "$www/.new" "$www/live.m3u8"
# shellcheck disable=SC2086 # a list
wait $waiters
is "$(cat "$tmp"/code.?)" '200 2200 2200 2' 'all are answered'
cmp -s "$tmp/held.1" "$www/live.m3u8" && cmp -s "$tmp/held.3" "$www/live.m3u8"
ok $? 'with the new list'
wait_for 10 asked /s1/h264/live.m3u8
is "$(asked /s1/h264/live.m3u8)" 1 'and the origin was asked once'

# In the place of segment-serve.
alone=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
	Listen => 1, LocalAddr => "127.0.0.1")->sockport')
sed -e "s|root /srv/live|root $tmp/spool|" \
    -e "s|listen 8080|listen 127.0.0.1:$alone|" \
    "$here/../../examples/nginx/origin.conf" >"$tmp/origin.conf"
sed -e "s|$tmp/front.conf|$tmp/origin.conf|" -e "s|$tmp/pid|$tmp/pid2|" \
    "$tmp/nginx.conf" >"$tmp/alone.conf"
mkdir -p "$tmp/spool/src/s1"
chmod -R a+rX "$tmp"
echo SECRET >"$tmp/spool/src/s1/secret.mp4"
ln -s ../../../src/s1/secret.mp4 "$www/link.mp4"
ln -s ../../src "$tmp/spool/www/s1/src"
echo SECRET >"$www/.6.m4s.1"
nginx -t -p "$tmp" -c "$tmp/alone.conf" >"$tmp/err" 2>&1
ok $? 'nginx takes the other example'
nginx -p "$tmp" -c "$tmp/alone.conf" 2>"$tmp/err" &
pids="$pids $!"
wait_for 20 test -s "$tmp/pid2"

# ask PATH [CURL OPTION...]: $code, $tmp/head and $tmp/out
ask() {
	ask_path=$1; shift
	code=$(curl -s -m 20 --path-as-is -D "$tmp/head" -o "$tmp/out" \
	    -w '%{http_code}' "$@" "http://127.0.0.1:$alone$ask_path")
	tr -d '\r' <"$tmp/head" >"$tmp/h"
}
field() { sed -n "s/^$1: //ip" "$tmp/h"; }
answers() { ask /s1/h264/5.m4s; [ "$code" = 200 ]; }
wait_for 20 answers
is "$(cat "$tmp/out") $(field Content-Type) $(field Cache-Control)" \
    'media video/iso.segment public, max-age=3600, immutable' 'a segment'
is "$(field Access-Control-Allow-Origin)" '*' 'for any page'
ask /s1/h264/5.m4s -H 'Range: bytes=1-2'
is "$code $(cat "$tmp/out") $(field Content-Range)" '206 ed bytes 1-2/6' \
    'a range'
etag=$(field ETag)
ask /s1/h264/5.m4s -H "If-None-Match: $etag"
is "$code $(field Cache-Control)" '304 public, max-age=3600, immutable' \
    'unchanged'
ask /s1/h264/live.m3u8
is "$code $(field Content-Type) $(field Cache-Control)" \
    '200 application/vnd.apple.mpegurl no-cache' 'a playlist'
cmp -s "$tmp/out" "$www/live.m3u8"; ok $? 'as it is'
ask /s1/h264/live.m3u8 --compressed
is "$(field Content-Encoding)" gzip 'compressed for who takes it'
ask /s1/h264/none.m4s
is "$code $(field Cache-Control) $(field Access-Control-Allow-Origin)" \
    '404 max-age=1 *' 'what may come'
ask /s1/h264/5.m4s -X OPTIONS -H 'Origin: http://x' \
    -H 'Access-Control-Request-Headers: range'
is "$code $(field Access-Control-Allow-Methods)" '204 GET, HEAD, OPTIONS' \
    'a preflight'
ask /s1/h264/5.m4s -I
is "$code" 200 'HEAD'
ask /s1/h264/5.m4s -X POST -d x
is "$code" 403 'POST is refused'
for path in /s1/h264/link.mp4 /s1/src/s1/secret.mp4 /s1/h264/.6.m4s.1 \
    /../src/s1/secret.mp4 /s1/%2e%2e/%2e%2e/src/s1/secret.mp4 /s1/ /; do
	ask "$path"
	case $code in 4??) true ;; *) false ;; esac &&
	    ! grep -q SECRET "$tmp/out"
	ok $? "$code for $path"
done
done_testing
