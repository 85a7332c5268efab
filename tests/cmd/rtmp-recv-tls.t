#!/bin/sh
# rtmp-recv: RTMPS, with FFmpeg and openssl as clients.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../rtmp-server.sh"

# start_tls OPTION...: sets also $plain, and $port with TLS
start_tls() {
	run_server -l 127.0.0.1:0 --tls-listen 127.0.0.1:0 \
	    --cert "$tmp/cert.pem" --key "$tmp/key.pem" "$@"
	plain=$port port=$port2
}

publish() {		# publish URL [INPUT-OPTION...]
	url=$1; shift
	ffmpeg -nostdin -v error "$@" -i "$tmp/in.flv" -c copy -flvflags \
	    no_duration_filesize -f flv "$url" 2>"$tmp/ffmpeg"
}

certificate() {		# certificate NAME: $tmp/cert.pem and its key.pem
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=$1" -days 2 -keyout "$tmp/key.new" \
	    -out "$tmp/cert.new" 2>/dev/null || exit 99
	mv "$tmp/key.new" "$tmp/key.pem"
	mv "$tmp/cert.new" "$tmp/cert.pem"
}

# client OPTION...: openssl's side of a handshake, and what it says
client() {
	timeout 10 openssl s_client -connect "127.0.0.1:$port" "$@" \
	    </dev/null 2>&1
}

log_lines() { grep -c 'warning: 127' "$tmp/log"; }

certificate one
ffmpeg -nostdin -v error -f lavfi \
    -i "color=gray:size=240x136:rate=25,noise=alls=100:allf=t" -t 10 \
    -c:v libx264 -preset ultrafast -qp 1 -g 25 -f flv "$tmp/in.flv" || exit 99
publish "$tmp/want.flv"
tail -c +14 "$tmp/want.flv" >"$tmp/want"

# shellcheck disable=SC2016 # the handler's shell expands them
saver='until [ ! -e "$0/hold" ]; do sleep 0.05; done
    tail -c +14 >"$0/$LIVESPOOL_STREAM"; touch "$0/$LIVESPOOL_STREAM.done"'

# Publishing.

start_tls -- sh -c "$saver" "$tmp"
publish "rtmps://127.0.0.1:$port/live/a"; ok $? 'FFmpeg publishes over TLS'
wait_for 20 test -e "$tmp/a.done"
cmp -s "$tmp/a" "$tmp/want"; ok $? 'and every byte is there'
publish "rtmp://127.0.0.1:$plain/live/p"; ok $? 'RTMP is served beside it'
is "$(log_lines)" 0 'without a complaint'

touch "$tmp/hold"
publish "rtmps://127.0.0.1:$port/live/b" & pub=$!
pids="$pids $pub"
wait_for 20 logged "'b': 127.0.0.1"
# The threshold is half of the window that a socket begins with: it may never
# have grown.
held() {		# much waits in a socket of the server
	awk -v local="0100007F:$(printf %04X "$port")" '$2 == local &&
	    substr($5, 10) > "00008000" { n++ } END { exit !n }' /proc/net/tcp
}
wait_for 20 held; ok $? 'a slow handler holds up its publisher'
rm "$tmp/hold"
wait "$pub"; ok $? 'which ends in order'
wait_for 10 test -e "$tmp/b.done"
cmp -s "$tmp/b" "$tmp/want"; ok $? 'and nothing is lost'

# The protocol.

client -tls1_3 | grep -q 'Protocol *: TLSv1.3\|New, TLSv1.3'
ok $? 'TLS 1.3'
client -tls1_2 | grep -q 'New, TLSv1.2, Cipher is ECDHE'; ok $? 'TLS 1.2'
client -tls1_1 -cipher ALL:@SECLEVEL=0 | grep -q 'Cipher is (NONE)'
ok $? 'no TLS 1.1'
wait_for 20 logged 'handshake not finished: TLS: '
log_has 'handshake not finished: TLS: ' 'and the log says why'
client -tls1_2 -cipher AES128-SHA | grep -q 'Cipher is (NONE)'
ok $? 'no cipher without forward secrecy'
(printf 'R\n'; sleep 1) | timeout 10 openssl s_client -tls1_2 \
    -connect "127.0.0.1:$port" 2>&1 | grep -q 'no renegotiation'
ok $? 'no renegotiation'
! client -tls1_3 | grep -q 'Session Ticket'; ok $? 'no tickets'
printf 'GET / HTTP/1.1\r\n\r\n' | timeout 10 openssl s_client -quiet \
    -connect "127.0.0.1:$port" >"$tmp/out" 2>&1
! grep -q 'unexpected eof' "$tmp/out"; ok $? 'the end is said: close_notify'
wait_for 20 logged ': HTTP request'
log_has ': HTTP request' 'and why'
stop_server
status_is 0 'the server ends'

# What is no TLS.

start_tls --handshake 1s -- sh -c "$saver" "$tmp"
# send PORT TEXT: and read until the server closes
send() {
	# shellcheck disable=SC2016 # the inner shell expands them
	timeout 10 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
	    printf "$2" >&3; cat <&3' send "$1" "$2" 2>/dev/null
}
refused() {		# refused PORT TEXT MESSAGE: in one line
	before=$(log_lines)
	send "$1" "$2" >/dev/null
	wait_for 20 logged "$3"
	log_has "$3" "$3"
	is "$(log_lines)" $((before + 1)) 'one line'
}
refused "$port" '\003abc' 'plain RTMP on the TLS port'
refused "$port" 'GET / HTTP/1.1\r\n\r\n' 'HTTP request on the TLS port'
refused "$port" '\026\003\001\377\377' 'TLS: '
refused "$port" '\026\003\001' 'handshake not finished in 1 s'
refused "$plain" '\026\003\001' 'TLS hello on the plain port'
! publish "rtmp://127.0.0.1:$port/live/a"
ok $? 'a publisher with rtmp:// on the TLS port'
publish "rtmps://127.0.0.1:$port/live/c"; ok $? 'the next one is served'
stop_server

# SIGHUP.

subject() { client | sed -n 's/^subject=.*CN *= *//p'; }
start_tls -- sh -c 'cat >/dev/null'
is "$(subject)" one 'the certificate'
publish "rtmps://127.0.0.1:$port/live/a" -re & pub=$!
pids="$pids $pub"
wait_for 20 logged "'a': 127.0.0.1"
certificate two
kill -HUP "$server"
wait_for 20 logged 'is in use'
is "$(subject)" two 'SIGHUP brings a new one'
echo nonsense >"$tmp/cert.pem"
kill -HUP "$server"
wait_for 20 logged 'the old certificate stays'
log_has "cert.pem' has no certificate in PEM: " 'a bad one is refused'
is "$(subject)" two 'and the old one stays'
rm "$tmp/cert.pem"
kill -HUP "$server"
wait_for 20 logged 'No such file'
is "$(subject)" two 'also when there is none'
kill -0 "$pub" && ! logged "stream 'a': connection lost"
ok $? 'while somebody publishes'
stop_server
wait "$pub"

# The command line.

run /dev/null rtmp-recv --tls-listen 127.0.0.1:0 -- true
status_is 64 'TLS wants a certificate'
stderr_has 'a TLS socket needs --cert and --key' 'and says so'
with() {		# with CERT KEY
	run /dev/null timeout 2 rtmp-recv --tls-listen 127.0.0.1:0 \
	    --cert "$1" --key "$2" -- true
}
with "$tmp/cert.pem" "$tmp/key.pem"
status_is 66 'no certificate'
certificate three
cp "$tmp/key.pem" "$tmp/other.pem"
certificate four
with "$tmp/cert.pem" "$tmp/other.pem"
status_is 78 'the key of another certificate'
stderr_has "other.pem' is not the key of" 'is said to be that'
with "$tmp/cert.pem" "$tmp/cert.pem"
status_is 78 'no key'
openssl ec -in "$tmp/key.pem" -aes128 -passout pass:secret \
    -out "$tmp/locked.pem" 2>/dev/null
with "$tmp/cert.pem" "$tmp/locked.pem"
status_is 78 'a key with a password'
chmod 640 "$tmp/key.pem"
with "$tmp/cert.pem" "$tmp/key.pem"
stderr_has 'a private key with mode 0640' 'a key that others may read'
status_is 124 'is worth a warning'

done_testing
