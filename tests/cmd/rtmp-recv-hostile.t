#!/bin/bash
# rtmp-recv: a publisher loses no frame while strangers do their worst.
#
# LONG=1 in the environment: more of them, and longer.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../rtmp-server.sh"

if [ -n "${LONG-}" ]; then
	half=5000 rate=1000 seconds=60
else
	half=400 rate=300 seconds=3
fi
ulimit -n $((half + 1000)) || exit 99

packets() {		# packets FILE: number of video and audio packets
	ffprobe -v error -count_packets \
	    -show_entries stream=codec_name,nb_read_packets -of csv "$1"
}
memory_is_below() {	# memory_is_below KIB NAME: at any time
	peak=$(awk '/VmHWM/ { print $2 }' "/proc/$server/status")
	if grep -q libasan "/proc/$server/maps"; then
		skip 'the address sanitizer takes more' "$2"
		return
	fi
	[ "$peak" -lt "$1" ]; ok $? "$2 ($peak KiB)"
}
attack() {		# attack ARG...: in the background, output in $tmp/NAME
	perl "$client" "$port" "$@" <"$tmp/hold" >"$tmp/$1" 2>&1 &
	attackers="$attackers $!"
	pids="$pids $!"
}
publish() {		# publish NAME: the honest one, in real time
	ffmpeg -nostdin -v error -re -i "$tmp/in.flv" -c copy -f flv \
	    "rtmp://127.0.0.1:$port/live/$1" 2>"$tmp/ffmpeg"
}

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=25 \
    -f lavfi -i sine -t "$seconds" -c:v libx264 -preset ultrafast -g 25 \
    -c:a aac -f flv "$tmp/in.flv" || exit 99
sent=$(packets "$tmp/in.flv")
mkfifo "$tmp/hold"
exec 6<>"$tmp/hold"

# Strangers, and publishers that break the rules.

echo 'streams:' >"$tmp/keys.yaml"
for key in good deaf large huge; do
	printf '  %s-stream: %s\n' "$key" \
	    "$(echo "$key" | rtmp-recv --hash-key)" >>"$tmp/keys.yaml"
done
# shellcheck disable=SC2016 # the handler's shell expands them
start_server --keys "$tmp/keys.yaml" --max-memory 64MiB -- \
    sh -c 'cat >"$0/$LIVESPOOL_STREAM.flv"' "$tmp"
attackers=
attack half "$half" spread
attack keys "$rate" "$((seconds - 1))" 127.0.0.3
attack deaf deaf
attack large large 16777215
attack huge huge
publish good; ok $? 'a publisher gets through'
written() { [ "$(packets "$tmp/good-stream.flv")" = "$sent" ]; }
wait_for 20 written
is "$(packets "$tmp/good-stream.flv")" "$sent" 'no frame is lost'
is "$(cat "$tmp/half")" ready 'beside half handshakes'
wait_for 10 test -s "$tmp/keys"
keys=$(cut -d' ' -f1 "$tmp/keys")
[ "$keys" -gt $((rate * (seconds - 1) / 3)) ]; ok $? "$keys wrong keys"
wait_for 10 grep -q . "$tmp/deaf"
is "$(cat "$tmp/deaf")" closed 'somebody who does not read'
is "$(tail -n 1 "$tmp/large")" sent 'a message of 16777215 bytes'
wait_for 20 test -s "$tmp/large-stream.flv"
is "$(cut -d' ' -f1 "$tmp/huge")" NetStream.Publish.Start 'and chunks of 2 GB'
memory_is_below $(((64 + 16) * 1024)) 'memory stays below its maximum'
[ "$(grep -c warning: "$tmp/log")" -lt $((60 * (2 + seconds / 5))) ]
ok $? "the log stays short ($(wc -l <"$tmp/log") lines)"
# shellcheck disable=SC2086 # a list
kill $attackers 2>/dev/null
stop_server
status_is 0 'and the server ends'

# Memory.

# shellcheck disable=SC2016
start_server --max-memory 8MiB --idle 3s -- sh -c 'case $LIVESPOOL_STREAM in
    stuck*) sleep 60 & echo $! >>"$0/stuck"; wait ;;
    *) cat >"$0/$LIVESPOOL_STREAM.flv" ;; esac' "$tmp"
attackers=
for i in 1 2 3 4 5 6; do attack large "stuck$i" 4000000; done
publish good; ok $? 'a publisher gets through'
is "$(packets "$tmp/good.flv")" "$sent" \
    'no frame is lost for want of memory'
wait_for 10 logged 'no memory for its message in 3 s'
log_has 'no memory for its message in 3 s' 'who takes too much is closed'
memory_is_below $(((8 + 16) * 1024)) 'memory stays below its maximum'
# shellcheck disable=SC2046,SC2086 # lists
kill $attackers $(cat "$tmp/stuck") 2>/dev/null
stop_server
status_is 0 'the server ends'

start_server --max-message 100000 -- sh -c 'cat >/dev/null'
perl "$client" "$port" large x 100001 >/dev/null
wait_for 20 logged 'message of 100001 bytes, limit 100000'
log_has 'message of 100001 bytes, limit 100000' 'messages have a maximum'
is "$(perl "$client" "$port" large x 100000 | tail -n 1)" sent \
    'which is allowed'
stop_server
run /dev/null rtmp-recv --max-memory 1MiB
status_is 64 'too little memory is wrong usage'
done_testing
