#!/bin/bash
# nginx in front of segment-serve, by the example that is shipped.
here=${0%/*}
. "$here/../tap.sh"
if ! command -v nginx >/dev/null; then
	skip 'no nginx here' 'nginx in front'
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

mkfifo "$tmp/ready"
segment-serve --spool "$tmp/spool" --listen 127.0.0.1:0 --ready-fd 3 --log \
    3>"$tmp/ready" >"$tmp/log" &
pids=$!
read -r port <"$tmp/ready"
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
done_testing
