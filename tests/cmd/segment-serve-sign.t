#!/bin/sh
# segment-serve: HTTPS, and paths that are signed.
here=${0%/*}
. "$here/../tap.sh"

mkdir -p "$tmp/spool/www/cam1/h264" "$tmp/spool/www/cam2" "$tmp/page"
echo '#EXTM3U' >"$tmp/spool/www/cam1/main.m3u8"
echo '#EXTM3U' >"$tmp/spool/www/cam2/main.m3u8"
echo media >"$tmp/spool/www/cam1/h264/1.m4s"
echo page >"$tmp/page/index.html"
(umask 077; echo 'the first key, of some bytes' >"$tmp/keys")
certificate() {		# certificate NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -days 2 -subj "/CN=$1" -addext subjectAltName=DNS:localhost \
	    -keyout "$tmp/key.pem" -out "$tmp/cert.pem" 2>"$tmp/err"
}
certificate one

mkfifo "$tmp/ready"
segment-serve --spool "$tmp/spool" --page "$tmp/page" --listen 127.0.0.1:0 \
    --tls-listen 127.0.0.1:0 --cert "$tmp/cert.pem" --key "$tmp/key.pem" \
    --sign-key "$tmp/keys" --ready-fd 3 --log -v 3>"$tmp/ready" \
    >"$tmp/log" 2>"$tmp/serve.err" &
server=$! pids=$!
read -r port tls <"$tmp/ready"
code() {		# code PATH [CURL OPTION...]
	code_path=$1; shift
	curl -s -m 10 -o "$tmp/body" -w '%{http_code}' "$@" \
	    "http://127.0.0.1:$port$code_path"
}
sign() { segment-serve --sign-key "$tmp/keys" --sign "$@"; }

path=$(sign cam1)
is "$(code "$path/main.m3u8")" 200 'a signed path'
is "$(code "$path/h264/1.m4s")" 200 'and what is below it'
is "$(code "$path/main.m3u8?_HLS_msn=1")" 200 'with directives'
token=${path%/cam1}
is "$(code "$token/cam2/main.m3u8")" 403 'not another stream'
is "$(code /cam1/main.m3u8)" 403 'not without a token'
is "$(code /streams.json)" 403 'no list of streams'
is "$(code "$(sign cam1/h264)/1.m4s")" 200 'a prefix of two components'
is "$(code "$(sign /)cam2/main.m3u8")" 403 'the slash stays'
is "$(code "$(sign /)/cam2/main.m3u8")" 200 'everything'
is "$(code /)" 200 'the page needs none'
is "$(code /time)" 200 'nor the time'
old=$(sign cam1 --expire 1s)
expired() { [ "$(code "$old/main.m3u8")" = 403 ]; }
wait_for 10 expired; ok $? 'it expires'

name() {		# of the certificate that is shown
	openssl s_client -connect "127.0.0.1:$tls" </dev/null 2>/dev/null |
		openssl x509 -noout -subject 2>/dev/null
}
secure() {
	curl -s -m 10 -o /dev/null -w '%{http_code}' --cacert "$tmp/cert.pem" \
	    --resolve "localhost:$tls:127.0.0.1" "https://localhost:$tls$1"
}
is "$(secure "$path/main.m3u8")" 200 'HTTPS'
cp "$tmp/key.pem" "$tmp/key.one"
certificate two
echo 'a new key, of some bytes too' >"$tmp/keys"
echo 'the first key, of some bytes' >>"$tmp/keys"
kill -HUP "$server"
is_two() { name | grep -q two; }
wait_for 10 is_two; ok $? 'SIGHUP: the new certificate'
is "$(secure "$(sign cam1)/main.m3u8")" 200 'and the new key'
is "$(code "$path/main.m3u8")" 200 'the old one is still there'
cp "$tmp/key.one" "$tmp/key.pem"
kill -HUP "$server"
wait_for 10 grep -q 'all stays as it was' "$tmp/serve.err"
ok $? 'a key of another certificate is refused'
is_two; ok $? 'and all stays as it was'

kill -TERM "$server"
st=0; wait "$server" || st=$?
pids=
is "$st" 0 'SIGTERM'
! grep -q "$(echo "$token" | cut -c 2-)" "$tmp/log" "$tmp/serve.err"
ok $? 'no token is in the log'
grep -q '	/cam1/main.m3u8	200	' "$tmp/log"; ok $? 'but the path is'

run /dev/null segment-serve --sign cam1
status_is 64 '--sign without a key'
run /dev/null segment-serve --sign-key "$tmp/keys" --sign ../x
status_is 64 'a prefix that is no path'
echo short >"$tmp/keys"
run /dev/null segment-serve --sign-key "$tmp/keys" --sign cam1
status_is 78 'a key that is too short'
run /dev/null segment-serve --spool "$tmp/spool" --tls-listen 127.0.0.1:0
status_is 64 '--tls-listen without a certificate'
run /dev/null segment-serve --spool "$tmp/spool" --tls-listen 127.0.0.1:0 \
    --cert "$tmp/cert.pem" --key "$tmp/key.pem"
status_is 78 'a certificate with another key'
done_testing
