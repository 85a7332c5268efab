#!/bin/sh
# rtmp-recv against real publishers (FFmpeg, GStreamer) and against rubbish.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../rtmp-server.sh"

publish() {		# publish NAME [INPUT-OPTION...]
	name=$1; shift
	ffmpeg -nostdin -v error "$@" -i "$tmp/in.flv" -c copy -f flv \
	    "$url/$name" 2>"$tmp/ffmpeg"
}

packets() {		# packets FILE: number of video and audio packets
	ffprobe -v error -count_packets \
	    -show_entries stream=codec_name,nb_read_packets -of csv "$1"
}

# talk FILE: send it, print what comes, until the server closes
talk() {
	# shellcheck disable=SC2016 # the inner shell expands them
	timeout 20 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
	    cat "$2" >&3 & cat <&3; wait' talk "$port" "$1" 2>/dev/null
}

fails() { ! "$@"; }
log_lines() { grep -c "warning: 127" "$tmp/log"; }
ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=25 \
    -f lavfi -i sine -t 2 -c:v libx264 -preset ultrafast -g 25 -c:a aac \
    -f flv "$tmp/in.flv" || exit 99
sent=$(packets "$tmp/in.flv")

# Without a handler: standard output.

start_server --once
publish cam; ok $? 'FFmpeg publishes'
st=0; wait "$server" || st=$?
status_is 0 'once: the server ends after its publisher'
is "$(packets "$tmp/stdout")" "$sent" 'every packet is in the FLV'
is "$(head -c 13 "$tmp/stdout" | od -An -tx1 | tr -d ' \n')" \
    464c5601050000000900000000 'the FLV header announces audio and video'
grep -q onMetaData "$tmp/stdout" && ! grep -q @setDataFrame "$tmp/stdout"
ok $? 'the metadata are plain onMetaData'
log_has 'anybody may publish' 'a server without keys says so'

start_server
publish one; publish two
stop_server
status_is 0 'SIGTERM ends the server'
cat "$tmp/in.flv" >"$tmp/both"; tail -c +14 "$tmp/in.flv" >>"$tmp/both"
is "$(head -c 9 "$tmp/stdout" | wc -c) $(grep -ac 'FLV' "$tmp/stdout")" '9 1' \
    'two publishers in turn give one FLV file'

# With a handler each.

# shellcheck disable=SC2016 # the handler's shell expands them
saver='cat >"$0/$LIVESPOOL_STREAM.flv"; env >"$0/$LIVESPOOL_STREAM.env"
    readlink /proc/$$/fd/* >"$0/$LIVESPOOL_STREAM.fds"; touch "$0/done"'

start_server -- sh -c "$saver" "$tmp"
publish a & pub_a=$!
publish b; st_b=$?
wait "$pub_a" && [ $st_b -eq 0 ]; ok $? 'two publish at the same time'
wait_for 20 test -e "$tmp/a.fds" -a -e "$tmp/b.fds"
is "$(packets "$tmp/a.flv")/$(packets "$tmp/b.flv")" "$sent/$sent" \
    'each handler has the whole stream of its own'
grep -qx PROTO=RTMP "$tmp/a.env" && grep -qx LIVESPOOL_STREAM=a "$tmp/a.env" &&
    grep -qx LIVESPOOL_APP=live "$tmp/a.env" &&
    grep -qx RTMPREMOTEIP=127.0.0.1 "$tmp/a.env" &&
    grep -qx 'RTMPREMOTEPORT=[0-9]*' "$tmp/a.env"
ok $? 'the environment says who publishes what'
is "$(grep -c . "$tmp/a.fds")" 3 'a handler has three descriptors'
stop_server
status_is 0 'and the server ends'

LIVESPOOL_SPOOL=/spool SOME_SECRET=x LIVESPOOL_KEY=x STREAM_TOKEN=x \
    NOTIFY_SOCKET=x; export LIVESPOOL_SPOOL SOME_SECRET LIVESPOOL_KEY \
    STREAM_TOKEN NOTIFY_SOCKET
rm -f "$tmp/done"
start_server -- sh -c "$saver" "$tmp"
publish a
wait_for 20 test -e "$tmp/done"
grep -qx LIVESPOOL_SPOOL=/spool "$tmp/a.env" &&
    ! grep -qE '^(SOME_SECRET|LIVESPOOL_KEY|STREAM_TOKEN|NOTIFY_SOCKET)=' \
    "$tmp/a.env"
ok $? 'secrets in the environment do not reach handlers'
unset LIVESPOOL_SPOOL SOME_SECRET LIVESPOOL_KEY STREAM_TOKEN NOTIFY_SOCKET
stop_server

start_server -- sh -c 'cat >/dev/null; exit 3'
publish a
wait_for 20 logged 'exited with status 3'
log_has "stream 'a': the handler exited with status 3" \
    'a failed handler is in the log'
stop_server

start_server -- sh -c 'head -c 1000 >/dev/null'
fails publish a -stream_loop -1 -t 60 -re
ok $? 'a handler that stops ends its publisher'
wait_for 20 logged 'before the stream ended'
log_has "the handler exited with status 0 before the stream ended" \
    'and the log says why'
is "$(grep -c warning: "$tmp/log")" 2 'in one line'
stop_server

start_server -- /nonexistent/handler
fails publish a; ok $? 'no handler, no publisher'
log_has "cannot run '/nonexistent/handler'" 'and the log says so'
stop_server

peak_kib() { awk '/VmHWM/ { print $2 }' "/proc/$server/status"; }

# A handler slower than its publisher gets everything nevertheless.
# shellcheck disable=SC2016
start_server -- sh -c 'until [ -e "$0/go" ]; do sleep 0.05; done
    tail -c +14 | md5sum >"$0/sum"; touch "$0/summed"' "$tmp"
before=$(peak_kib)
ffmpeg -nostdin -v error -f lavfi \
    -i "color=gray:size=240x136:rate=25,noise=alls=100:allf=t" -t 15 \
    -c:v libx264 -preset ultrafast -qp 1 -f flv -y "$tmp/big.flv" || exit 99
[ "$(wc -c <"$tmp/big.flv")" -gt 12000000 ] || exit 99
ffmpeg -nostdin -v error -i "$tmp/big.flv" -c copy -flvflags \
    no_duration_filesize -f flv "$url/slow" 2>"$tmp/ffmpeg" &
pub=$!
pids="$pids $pub"
held() { [ "$(ss -tnH state established "dport = :$port" 2>/dev/null |
    awk '{ print $2 }')" -gt 100000 ]; }
if command -v ss >/dev/null; then
	wait_for 10 held; ok $? 'a slow handler holds up its publisher'
fi
grown=$(($(peak_kib) - before))
[ "$grown" -lt 26000 ]; ok $? "and not the memory ($grown KiB more)"
touch "$tmp/go"
wait "$pub"; ok $? 'which ends in order'
wait_for 10 test -e "$tmp/summed"
ffmpeg -nostdin -v error -i "$tmp/big.flv" -c copy -flvflags \
    no_duration_filesize -f flv - | tail -c +14 >"$tmp/want.flv"
is "$(cut -c1-32 "$tmp/sum")" "$(md5sum <"$tmp/want.flv" | cut -c1-32)" \
    'and nothing is lost'
stop_server

# In pieces, put together, copied or waiting for the handler: the same bytes.
for chunk in 128 1024 4096 65536; do
	rm -f "$tmp/go" "$tmp/done"
	# shellcheck disable=SC2016
	start_server -- sh -c 'until [ -e "$0/go" ]; do sleep 0.05; done
	    cat >"$0/sizes.flv"; touch "$0/done"' "$tmp"
	perl "$client" "$port" sizes s "$chunk" "$tmp/want.flv" >"$tmp/half" &
	pub=$!
	wait_for 20 grep -q half "$tmp/half"
	touch "$tmp/go"
	wait "$pub"
	wait_for 20 test -e "$tmp/done"
	cmp "$tmp/want.flv" "$tmp/sizes.flv"; ok $? "chunks of $chunk bytes"
	stop_server
done

# Keys.

key=s3cret-Key
hash=$(printf '%s\n' "$key" | rtmp-recv --hash-key)
is "$hash" "sha256:$(printf '%s' "$key" | sha256sum | cut -c1-64)" \
    '--hash-key prints the SHA-256'
printf 'streams:\n  cam1: %s\n' "$hash" >"$tmp/keys.yaml"
start_server --keys "$tmp/keys.yaml" -- sh -c "$saver" "$tmp"
publish "$key"; ok $? 'the key alone publishes'
wait_for 20 test -s "$tmp/cam1.fds"
is "$(packets "$tmp/cam1.flv")" "$sent" 'under the public name'
! grep -q "$key" "$tmp/cam1.env"; ok $? 'the key is not in the environment'
publish "cam1?key=$key"; ok $? 'name and key publish'
fails publish "cam2?key=$key"; ok $? 'another name does not'
fails publish "cam1"; ok $? 'the name alone does not'
fails publish "wrong-Key"; ok $? 'a wrong key does not'
grep -q 'Publish.Denied\|bad key\|Operation not permitted' "$tmp/ffmpeg"
ok $? 'and FFmpeg hears the reason'
is "$(grep -c 'publish refused: bad key' "$tmp/log")" 3 \
    'refusals are in the log'
! grep -q "$key\|wrong-Key" "$tmp/log"; ok $? 'keys are not'

echo 'streams: nonsense' >"$tmp/keys.yaml"
kill -HUP "$server"
wait_for 20 logged 'the old keys stay'
publish "$key"; ok $? 'a bad file leaves the old keys'
new=$(echo another-key | rtmp-recv --hash-key)
printf 'streams:\n  cam1: %s\n' "$new" >"$tmp/keys.yaml"
kill -HUP "$server"
wait_for 20 logged "1 keys from"
fails publish "$key" && publish another-key
ok $? 'SIGHUP brings the new keys'
stop_server

# What is no publisher.

start_server --handshake 300ms --idle 500ms -- sh -c 'cat >/dev/null'
rubbish() {		# rubbish FILE MESSAGE NAME
	before=$(log_lines)
	talk "$1" >/dev/null
	wait_for 20 logged "$2"
	log_has "$2" "$3"
	is "$(log_lines)" $((before + 1)) "$3: one line"
}
openssl rand 10000000 >"$tmp/random" || exit 99
{ printf '\006'; cat "$tmp/random"; } >"$tmp/rubbish"
rubbish "$tmp/rubbish" 'C0: version 0x06, want 3' '10 MB of random bytes'
{ printf '\003'; cat "$tmp/random"; } >"$tmp/rubbish"
before=$(log_lines)
talk "$tmp/rubbish" >/dev/null
is "$(log_lines)" $((before + 1)) 'and after a handshake: one line'
printf '\026\003\001\002\000\001' >"$tmp/rubbish"
rubbish "$tmp/rubbish" 'TLS hello on the plain port' 'a TLS hello'
printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >"$tmp/rubbish"
rubbish "$tmp/rubbish" 'HTTP request' 'an HTTP request'
printf '\003half' >"$tmp/rubbish"
rubbish "$tmp/rubbish" 'handshake not finished in 0.3 s' 'half a handshake'
{ printf '\003'; head -c 3072 /dev/zero; } >"$tmp/rubbish"
talk "$tmp/rubbish" >"$tmp/answer" & talker=$!
publish a; ok $? 'the next publisher is served, past all of them'
kill "$talker" 2>/dev/null; wait "$talker" 2>/dev/null
is "$(wc -c <"$tmp/answer")" 3073 'S0, S1 and S2 are 3073 bytes'
fails publish 'bad!name'; ok $? 'a bad name is refused'
fails publish '..'; ok $? 'so is ..'

mkfifo "$tmp/fifo"
ffmpeg -nostdin -v error -f flv -i "$tmp/fifo" -c copy -f flv \
    "$url/silent" 2>/dev/null &
pids="$pids $!"
exec 8>"$tmp/fifo"
cat "$tmp/in.flv" >&8
wait_for 20 logged "stream 'silent': no data for 0.5 s"
log_has "stream 'silent': no data for 0.5 s" 'a silent publisher is ended'
exec 8>&-
stop_server

# Takeover.

# Each handler marks its beginning and its end.
# shellcheck disable=SC2016
marker='echo begin >>"$0/marks"; cat >"$0/$$.flv"; echo end >>"$0/marks"'
start_server -- sh -c "$marker" "$tmp"
publish x -re -stream_loop -1 -t 60 & first=$!
pids="$pids $first"
wait_for 20 grep -q begin "$tmp/marks"
publish x -re; ok $? 'a second publisher takes over'
fails wait "$first"; ok $? 'the first is closed'
log_has "stream 'x': taken over by 127.0.0.1" 'and the log says so'
wait_for 20 sh -c '[ "$(wc -l <"$1")" -eq 4 ]' sh "$tmp/marks"
is "$(tr '\n' ' ' <"$tmp/marks")" 'begin end begin end ' \
    'the old handler ends before the new one begins'
stop_server

# shellcheck disable=SC2016
marker='cat >/dev/null; echo $$ >"$0/stuck"; sleep 60 & wait'
start_server -- sh -c "$marker" "$tmp"
publish x
publish x & second=$!
wait_for 10 logged 'the old handler did not end in 5 s: killed'
log_has 'the old handler did not end in 5 s: killed' \
    'a handler that does not end is killed'
wait "$second"; ok $? 'and the next publisher served'

# The end.

kill "$server"
closed() { ! bash -c ": <>/dev/tcp/127.0.0.1/$port"; }
wait_for 20 closed; ok $? 'after SIGTERM nobody new is served'
kill "$server"
st=0; wait "$server" || st=$?
status_is 75 'a second SIGTERM does not wait for handlers'
kill -- "-$(cat "$tmp/stuck")"

rm -f "$tmp/done" "$tmp/a.flv"
start_server -- sh -c "$saver" "$tmp"
publish a -re -stream_loop -1 -t 60 & pub=$!
pids="$pids $pub"
streaming() { [ "$(wc -c <"$tmp/a.flv")" -gt 20000 ]; }
wait_for 20 streaming
stop_server
status_is 0 'SIGTERM while somebody publishes'
[ -e "$tmp/done" ]; ok $? 'the handler has finished before'
packets "$tmp/a.flv" >/dev/null; ok $? 'with a readable stream'
wait "$pub"

# GStreamer.

if command -v gst-launch-1.0 >/dev/null &&
    gst-inspect-1.0 rtmp2sink >/dev/null 2>&1 &&
    gst-inspect-1.0 x264enc >/dev/null 2>&1; then
	start_server --once
	timeout 30 gst-launch-1.0 -q videotestsrc num-buffers=50 ! \
	    video/x-raw,width=320,height=180 ! \
	    x264enc speed-preset=ultrafast ! h264parse ! \
	    flvmux streamable=true ! \
	    rtmp2sink location="$url/x" >/dev/null 2>"$tmp/gst"
	ok $? 'GStreamer publishes'
	st=0; wait "$server" || st=$?
	status_is 0 'and ends in order'
	is "$(packets "$tmp/stdout" | head -n 1)" 'stream,h264,50' \
	    'every frame is in the FLV'
	is "$(log_lines)" 0 'without a complaint'
else
	ok 0 'GStreamer # SKIP no gst-launch-1.0 with rtmp2sink and x264enc'
fi

# The command line.

run /dev/null rtmp-recv --listen nonsense
status_is 64 'a bad address is wrong usage'
run /dev/null rtmp-recv --listen 127.0.0.1:0 --keys "$tmp/none"
status_is 66 'no keys, no server'
run /dev/null rtmp-recv --hash-key
status_is 66 '--hash-key wants a key'
echo 'a b' >"$tmp/key"
run "$tmp/key" rtmp-recv --hash-key
status_is 65 'that a URL can carry'
if has_terminal; then
	run /dev/null script -qec 'rtmp-recv --listen 127.0.0.1:0' /dev/null
	status_is 64 'FLV does not go to a terminal'
else
	skip 'no terminal here' 'FLV does not go to a terminal'
fi
run /dev/null rtmp-recv --help
status_is 0 '--help'

done_testing
