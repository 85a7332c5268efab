#!/bin/sh
# segment-store watch: what is there, what comes, each once.
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL
printf 'video:\n  low: {codec: h264, height: 360, bitrate: 500k}\n' \
	>"$tmp/l.yaml"

ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=10 -t 5 \
	-c:v libx264 -preset ultrafast -g 10 -f flv "$tmp/clip.flv"
fragment-split <"$tmp/clip.flv" >"$tmp/five"
[ -s "$tmp/five" ] || { echo 'Bail out! no clip'; exit 99; }
put() { segment-store put "$1" <"$tmp/five" >/dev/null; }
# have STREAM EPOCH SEQ: make its rendition
have() {
	mkdir -p "$LIVESPOOL_SPOOL/www/$1/low/$2/000000"
	: >"$LIVESPOOL_SPOOL/www/$1/low/$2/000000/$3.m4s"
}
# watch OPTION...: in the background, ready; lines go to $tmp/lines
mkfifo "$tmp/ready"
watch() {
	segment-store watch -l "$tmp/l.yaml" --ready-fd 9 "$@" \
	    >"$tmp/lines" 2>"$tmp/err" 9>"$tmp/ready" &
	watcher=$!
	pids="$pids $watcher"
	timeout 10 head -n 1 "$tmp/ready" >/dev/null
}
stop() { kill "$watcher"; wait "$watcher" 2>/dev/null; }
has_lines() { [ "$(wc -l <"$tmp/lines")" -ge "$1" ]; }
lines_are() {		# lines_are COUNT NAME: so many, each once
	wait_for 10 has_lines "$1"
	is "$(wc -l <"$tmp/lines"), $(sort -u "$tmp/lines" | wc -l)" "$1, $1" \
	    "$2"
}

# --- what is there, what comes, streams that are new
put early
have early 000001 000000002
watch; ok $? 'ready'
lines_are 4 'it lists what is pending'
cp "$tmp/lines" "$tmp/watched"
run /dev/null segment-store pending -l "$tmp/l.yaml"
stdout_is "$tmp/watched" 'as pending does'
put early
lines_are 9 'and each original that comes, epochs too'
put late
lines_are 14 'also of a stream that is new'
: >"$LIVESPOOL_SPOOL/queue/no+000001+000000001"
: >"$LIVESPOOL_SPOOL/queue/.hidden"
: >"$LIVESPOOL_SPOOL/queue/late+000001+000000009"
put late
lines_are 19 'tickets that name nothing are nothing'
have late 000001 000000001
rm "$LIVESPOOL_SPOOL/queue/late+000001+000000002"
kill -0 "$watcher"; ok $? 'it goes on'
# A ticket for what is old says that it is wanted again.
again() {
	rm -f "$LIVESPOOL_SPOOL"/queue/early+000001+00000000[123]
	for i in 1 2 3; do
		: >"$LIVESPOOL_SPOOL/queue/early+000001+00000000$i"
	done
	has_lines 21
}
wait_for 10 again; ok $? 'a ticket made again'
tail -n +20 "$tmp/lines" | cut -f4 | sort -u | paste -sd' ' >"$tmp/out"
is "$(cat "$tmp/out")" '000000001 000000003' \
	'repeats what is pending, and only that'
stop

# --- one stream, newest first, from a time
watch --newest late
put early
put late
lines_are 14 'one stream alone'
is "$(head -n 9 "$tmp/lines" | cut -f4 | paste -sd' ')" \
	'000000010 000000009 000000008 000000007 000000006 000000005 000000004 000000003 000000002' \
	'the newest first'
stop
watch --from @4102444800
put late
lines_are 5 '--from leaves the older ones out, not what comes'
stop
rm -rf "$LIVESPOOL_SPOOL/www"
watch --late 2s --again 1s
segment-store put new <"$tmp/five" >/dev/null
behind() { cut -f2,4 "$tmp/lines" | sort -u | grep -c late; }
wait_for 20 has_lines 9
is "$(behind)" 3 '--late: the newest and two more of what was there'
stop
watch --from @4102444800 -0
put late
nul() { [ "$(tr -dc '\0' <"$tmp/lines" | wc -c)" -eq 5 ]; }
wait_for 10 nul; ok $? '-0 ends paths with NUL'
stop
watch --from @4102444800 --json
put late
wait_for 10 has_lines 5
jq -e '.stream == "late"' "$tmp/lines" >/dev/null; ok $? '--json'
stop

# --- heartbeat
watch --from @4102444800 --heartbeat 20ms
wait_for 20 has_lines 3; ok $? 'a heartbeat'
is "$(sort -u "$tmp/lines")" - 'is a line of its own'
stop
watch --from @4102444800 --heartbeat 20ms -0
nuls() { [ "$(tr '\0' '\n' <"$tmp/lines" | grep -cx -- -)" -ge 3 ]; }
wait_for 20 nuls; ok $? 'with NUL, when paths have that'
stop
watch --from @4102444800 --heartbeat 20ms	# tells the time
mkfifo "$tmp/slow"
segment-store watch --ladder "$tmp/l.yaml" --from @4102444800 \
    --heartbeat 20ms >"$tmp/slow" &
slow=$!
exec 8<"$tmp/slow"
wait_for 20 has_lines 20
kill "$slow"
wait "$slow" 2>/dev/null
is "$(cat <&8)" - 'one is enough for a reader that is busy'
exec 8<&-
stop

# --- without inotify's help
rm -r "$LIVESPOOL_SPOOL/src" "$LIVESPOOL_SPOOL/queue"
mkdir "$LIVESPOOL_SPOOL/src" "$LIVESPOOL_SPOOL/queue"
put early
cp -r "$LIVESPOOL_SPOOL/src" "$tmp/kept"
rm -r "$LIVESPOOL_SPOOL"/src/* "$LIVESPOOL_SPOOL"/queue/*
watch --poll 50ms
for i in 1 3 5; do
	mkdir -p "$LIVESPOOL_SPOOL/src/early/000001/000000"
	ln "$tmp/kept/early/000001/000000/00000000$i.mp4" \
	    "$LIVESPOOL_SPOOL/src/early/000001/000000"
	wait_for 10 has_lines $(((i + 1) / 2))
done
lines_are 3 'polling finds what has no ticket'
: >"$LIVESPOOL_SPOOL/queue/early+000001+000000005"
put early
lines_are 8 'a ticket that comes late repeats nothing'
have early 000001 000000001
stop

# --- what stays pending
watch --again 1s
wait_for 20 has_lines 7
before=$(wc -l <"$tmp/lines")
is "$before" 7 'what is pending now'
wait_for 15 has_lines 28; ok $? '--again repeats it'
is "$(cut -f4 "$tmp/lines" | sort | uniq -c | awk '{ print $1 }' | sort -u)" \
	4 'three times each'
stop

# --- without a ladder
segment-store watch early >"$tmp/lines" 2>"$tmp/err" &
watcher=$!
pids="$pids $watcher"
all=$(segment-store ls early | wc -l)
lines_are "$all" 'without a ladder: every original'
is "$(cut -f4 "$tmp/lines" | sort -c && echo sorted)" sorted 'the oldest first'
put early
lines_are $((all + 5)) 'and each that comes'
stop

# --- many at once, and more than inotify keeps
perl "$here/../store.pl" "$tmp/spool" many 2000 "$(date +%s)000000" 1100
watch --newest many
for i in 1 2 3; do put many & puts="${puts:-} $!"; done
for p in $puts; do wait "$p"; done
# Of what put takes back, as another put was first, there may be lines.
segment-store ls many | cut -f1 | sort >"$tmp/stored"
each_once() {
	cut -f1 "$tmp/lines" | sort | comm -12 - "$tmp/stored" |
		cmp -s - "$tmp/stored"
}
wait_for 10 each_once; ok $? 'thousands, while three publish: each once'
stop
watch
kill -STOP "$watcher"
queue=$(cat /proc/sys/fs/inotify/max_queued_events)
if [ "$queue" -le 20000 ]; then
	perl -e 'for (1 .. $ARGV[1] + 100) {
		open my $f, ">", "$ARGV[0]/queue/x$_"; close $f;
		unlink "$ARGV[0]/queue/x$_" }' "$tmp/spool" "$queue"
	put flood
	kill -CONT "$watcher"
	flood() { [ "$(grep -c '/flood/' "$tmp/lines")" -eq 5 ]; }
	wait_for 10 flood; ok $? 'what inotify lost is found'
else
	kill -CONT "$watcher"
	skip "max_queued_events is $queue" 'what inotify lost is found'
fi
stop

# --- the reader goes
{ segment-store watch -l "$tmp/l.yaml" late 2>"$tmp/err"; echo $? >"$tmp/st"; } |
	head -n 0
wait_for 10 test -s "$tmp/st"; ok $? 'it ends when its reader has gone'
is "$(cat "$tmp/err")" '' 'in silence'

# --- wrong usage
run /dev/null segment-store watch --again 1s
status_is 64 'what lacks nothing is not repeated'
run /dev/null segment-store watch -l "$tmp/l.yaml" --poll 0s
status_is 64 'polling without a pause'
run /dev/null segment-store watch -l "$tmp/l.yaml" ../etc
status_is 64 'a bad stream name'
run /dev/null segment-store watch -l "$tmp/l.yaml" --spool "$tmp"
status_is 66 'no spool'
done_testing
