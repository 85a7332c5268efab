#!/bin/bash
# rtmp-recv: what it tells about itself.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../rtmp-server.sh"

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=25 \
    -f lavfi -i sine -t 8 -c:v libx264 -preset ultrafast -g 50 -c:a aac \
    -f flv "$tmp/in.flv" || exit 99
publish() {		# publish NAME OPTION...: without end
	name=$1; shift
	ffmpeg -nostdin -v error -stream_loop -1 "$@" -i "$tmp/in.flv" \
	    -c copy -f flv "rtmp://127.0.0.1:$port/my.app/$name" \
	    2>"$tmp/ffmpeg" & pub=$!
	pids="$pids $pub"
}

discard='cat >/dev/null'

# A line for each publisher.

exec 5>"$tmp/lines"
start_server --status-fd 5 --status-interval 200ms --max 2 \
    --metrics "$tmp/recv.prom" -- sh -c "$discard"
wait_for 20 grep -q '^\*' "$tmp/lines"
is "$(head -n 1 "$tmp/lines" | cut -f 1-4)" "$(printf '*\t0\t0\t0')" \
    'nobody is there'
publish cam1 -re
lively() { tail -n 2 "$tmp/lines" | grep -qP "$1"; }
wait_for 15 lively '^cam1\t127.0.0.1:[0-9]+\tmy.app\trtmp\t[1-9][0-9]{4,}\t2000\t0\t0\t[0-9.]+$'
ok $? 'a publisher has its line, with its rate and keyframe interval'
lively '^\*\t1\t1\t[1-9][0-9]*\t[1-9][0-9]*\t[1-9][0-9]*\t0\t0\t[1-9][0-9]*$'
ok $? 'and the last line is for all'
printf '# %s\n' "$(tail -n 2 "$tmp/lines" | tr '\t\n' ' |')"
size=$(wc -c <"$tmp/in.flv")		# of 8 seconds: bits a second
rate=$(tail -n 2 "$tmp/lines" | sed -n 's/^cam1\t.*\trtmp\t\([0-9]*\).*/\1/p')
[ "$rate" -gt $((size / 2)) ] && [ "$rate" -lt $((size * 2)) ]
ok $? "the rate is right ($rate of $size bit/s)"

# Metrics.

perl "$client" "$port" try '!' >/dev/null
metric() { grep -qF "livespool_rtmp_$1" "$tmp/recv.prom"; }
wait_for 20 metric 'refused_total{reason="name"} 1'
ok $? 'a refusal is counted, by its reason'
metric 'publishers 1' && metric 'connections_total 2'
ok $? 'so are connections'
wait_for 20 metric 'stream_keyframe_interval_seconds{stream="cam1"} 2'
ok $? 'a stream has its keyframe interval'
grep -vE '^(# (HELP|TYPE) livespool_rtmp_[a-z_]+ .*|livespool_rtmp_[a-z_]+(\{[a-z]+="[^"]+"\})? [0-9.e+]+)$' \
    "$tmp/recv.prom" >"$tmp/err"
[ ! -s "$tmp/err" ]; ok $? 'every line is as Prometheus wants it'
if command -v promtool >/dev/null; then
	promtool check metrics <"$tmp/recv.prom" >"$tmp/err" 2>&1
	ok $? 'promtool agrees'
fi
watch_whole() {		# a reader never sees part of it
	for i in $(seq 200); do
		tail -n 1 "$tmp/recv.prom" | grep -q age_seconds || return 1
	done
}
watch_whole; ok $? 'the file is always whole'
is "$(find "$tmp" -name '.recv*' | wc -l)" 0 'no other file is left'
publish cam1 -re
wait_for 20 metric 'takeovers_total 1'; ok $? 'a takeover is counted'
kill -USR1 "$server"
stop_server
status_is 0 'the server ends'
exec 5>&-

# A reader that does not read, a directory that is gone.

mkfifo "$tmp/fifo"
exec 5<>"$tmp/fifo"
mkdir "$tmp/dir"
start_server --status-fd 5 --status-interval 100ms \
    --metrics "$tmp/dir/x.prom" -- sh -c "$discard"
dd if=/dev/zero of="$tmp/fifo" oflag=nonblock bs=65536 count=16 2>/dev/null
wait_for 20 test -s "$tmp/dir/x.prom"
rm -r "$tmp/dir"
gone() { grep -q -- "--metrics: cannot create '.x.prom.tmp'" "$tmp/log"; }
wait_for 20 gone; ok $? 'what cannot be written is in the log'
read -r code _ <<<"$(perl "$client" "$port" try x)"
is "$code" NetStream.Publish.Start 'nobody waits for a full pipe'
wait_for 20 grep -q 'connection lost' "$tmp/log"
is "$(grep -c -- '--metrics' "$tmp/log")" 1 'and the log has one line'
stop_server
status_is 0 'the server ends'
exec 5>&-

# SIGUSR1.

start_server -- sh -c 'sleep 1; echo ready >&2; cat >/dev/null; exit 3'
kill -USR1 "$server"
wait_for 20 grep -q '^\*' "$tmp/log"
ok $? 'without a descriptor SIGUSR1 reports to standard error'
publish cam2
paused() { kill -USR1 "$server"
	grep -qP '^cam2\t.*\t[1-9][0-9]*\t[1-9][0-9]{6}\t' "$tmp/log"; }
wait_for 20 paused; ok $? 'a handler that is slow can be seen'
kill "$pub"; wait "$pub" 2>/dev/null
wait_for 20 grep -q 'exited with status 3' "$tmp/log"
stop_server

run /dev/null rtmp-recv --listen 127.0.0.1:0 --metrics "$tmp/none/x.prom"
status_is 73 'no directory for the metrics'
run /dev/null rtmp-recv --listen 127.0.0.1:0 --status-fd 1
status_is 64 'standard output has the FLV'
run /dev/null rtmp-recv --listen 127.0.0.1:0 --status-fd 99
status_is 74 'a descriptor that is not there'
done_testing
