#!/bin/sh
# livespool-pull: what is there, what comes, what fails, who dies.
. "${0%/*}/../tap.sh"
spool=$tmp/spool
export LIVESPOOL_SPOOL="$spool"
cat >"$tmp/ladder.yaml" <<'EOT'
video:
  small: {codec: h264, height: 90, quality: 28, cap: 300k, preset: ultrafast}
EOT
run /dev/null livespool-pull --spool "$spool"
status_is 64 'no ladder is wrong usage'
run /dev/null livespool-pull --ladder /nonexistent
status_is 66 'a ladder that is not there'
run /dev/null transcode-job --ladder "$tmp/ladder.yaml" --owner a/b
status_is 64 'an owner is a name'
run /dev/null transcode-job --ladder "$tmp/ladder.yaml" --owner a x.mp4
status_is 64 'tickets or fragments, not both'

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=160x90:rate=10 -t 4 \
    -c:v libx264 -preset ultrafast -g 10 -f flv - |
    fragment-split >"$tmp/fragments"
put() { segment-store put "$1" <"$tmp/fragments" >/dev/null; }
none_pending() { [ -z "$(segment-store pending --ladder "$tmp/ladder.yaml")" ]; }
idle() { [ -z "$(find "$spool/queue" "$spool/claimed" -type f)" ]; }
start() {
	livespool-pull --ladder "$tmp/ladder.yaml" -v --jobs 2 \
	    >>"$tmp/lines" 2>>"$tmp/log" &
	pull=$!
	pids="$pids $pull"
}

put early
rm "$spool/queue/early+000001+000000002"
start
wait_for 30 none_pending; ok $? 'all that was there, with a ticket or without'
put late
wait_for 30 none_pending; ok $? 'and what comes'
wait_for 10 idle; ok $? 'no ticket and no claim is left'
is "$(cut -f2,5 "$tmp/lines" | sort | uniq -c | tr -s ' \t\n' ' ')" \
    ' 4 early small 4 late small ' 'each was made once and printed'
is "$(grep -c "late/.*: started" "$tmp/log")" 4 'starts are told of'

# A ticket that names nothing, and an original that is damaged.
: >"$spool/queue/no+000001+000000001"
broken=$spool/src/late/000001/000000/000000005.mp4
echo x >"$broken"
: >"$spool/queue/late+000001+000000005"
wait_for 20 grep -q "$broken.: no fragment" "$tmp/log"; ok $? 'what fails is told of'
put more
made() { [ "$(grep -c more "$tmp/lines")" -eq 4 ]; }
wait_for 20 made; ok $? 'the others go on'
left() { [ "$(ls "$spool/claimed" | sed 's/@.*//')" = late+000001+000000005 ]; }
wait_for 10 left; ok $? 'its claim is left, and no other'
rm "$broken"

kill "$pull"
wait "$pull"; is $? 0 'SIGTERM ends it with status 0'
gone() { ! pgrep -f "$tmp/ladder.yaml"; }
wait_for 10 gone; ok $? 'and leaves no process'

# What somebody claimed who died is done.
put dead
segment-store claim --owner dead --max 2 dead >"$tmp/out"
start
wait_for 60 none_pending; ok $? 'what somebody claimed who died is done'
kill -9 "$pull"
wait_for 20 gone; ok $? 'kill -9 takes all of it along'
done_testing
