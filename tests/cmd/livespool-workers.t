#!/bin/sh
# livespool-workers alone: what is there, what comes, what fails.
. "${0%/*}/../tap.sh"
spool=$tmp/spool
export LIVESPOOL_SPOOL="$spool"
cat >"$tmp/ladder.yaml" <<'EOT'
video:
  small: {codec: h264, height: 90, quality: 28, cap: 300k, preset: ultrafast}
EOT

run /dev/null livespool-workers --spool "$spool"
status_is 64 'no ladder is wrong usage'
run /dev/null livespool-workers --spool "$spool" --ladder /nonexistent
status_is 66 'a ladder that is not there'
stderr_has "cannot read '/nonexistent'" 'is named'
printf 'video:\n  small: {codec: h264, hight: 90}\n' >"$tmp/bad.yaml"
run /dev/null livespool-workers --spool "$spool" --ladder "$tmp/bad.yaml"
status_is 78 'a wrong ladder'
stderr_has "bad.yaml:2:24: unknown key 'hight'; did you mean 'height'?" \
    'is told where it is wrong'
run /dev/null livespool-workers --jobs
status_is 64 'an option without its argument'
run /dev/null livespool-workers --spool "$spool" --ladder "$tmp/ladder.yaml" \
    --threads 65
status_is 64 'more threads than a job has'
stderr_has "--threads: '65' is not 1 to 64" 'are too many'

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=160x90:rate=10 -t 4 \
    -c:v libx264 -preset ultrafast -g 10 -f flv "$tmp/clip.flv"
fragment-split <"$tmp/clip.flv" >"$tmp/fragments"
run "$tmp/fragments" segment-store put early
status_is 0 'four fragments before the workers'

mkfifo "$tmp/ready"
livespool-workers --ladder "$tmp/ladder.yaml" --late 600s --threads 2 \
    --ready-fd 9 >"$tmp/lines" 2>"$tmp/workers.log" 9>"$tmp/ready" &
workers=$!
pids=$workers
timeout 10 head -n 1 "$tmp/ready" >/dev/null; ok $? 'ready when it watches'
run "$tmp/fragments" segment-store put late
status_is 0 'and four after'

none_pending() {
	[ -z "$(segment-store pending --ladder "$tmp/ladder.yaml")" ]
}
wait_for 30 none_pending; ok $? 'all are made'
no_tickets() { [ -z "$(ls -A "$spool/queue")" ]; }
wait_for 20 no_tickets; ok $? 'no ticket is left'
is "$(cut -f5 "$tmp/lines" | sort | uniq -c | tr -s ' ')" ' 8 small' \
    'each was made once and printed'

# A ticket that names nothing harms nothing.
: >"$spool/queue/no+000001+000000001"
run "$tmp/fragments" segment-store put later
wait_for 30 none_pending; ok $? 'a stray ticket does not stop the others'

kill "$workers"
wait "$workers"; is $? 0 'SIGTERM ends it with status 0'
pgrep -f "$spool/queue" >"$tmp/err"; [ $? -eq 1 ]
ok $? 'and leaves no process'
done_testing
