#!/bin/sh
# A fragment that fails again and again is parked; the others go on, players
# see a gap, and it can be asked for again.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264: {codec: h264, height: 90, quality: 30, cap: 500k, preset: ultrafast}
END
ffmpeg -v error -f lavfi -i testsrc2=s=160x90:r=10:d=8 -c:v libx264 \
    -preset ultrafast -g 10 "$tmp/clip.flv"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL
mkdir "$tmp/spool"
fragment-split <"$tmp/clip.flv" | segment-store put cam >"$tmp/lines"
second=$tmp/spool/src/cam/000001/000000/000000002.mp4
cp "$second" "$tmp/good.mp4"
chmod u+w "$second"
# The pictures of fragment 2 are noise, under the right checksums.
perl -I"${0%/*}/.." -MFragment=seal -0777 -ne \
    '$at = index $_, "mdat"; substr($_, $at + 4) =~ s/./\xa5/gs;
    print seal($_)' "$tmp/good.mp4" >"$second"

job() {
	run "$tmp/lines" transcode-job --ladder "$tmp/ladder.yaml"
}
parked() { segment-store ls --failed "$@" cam; }
stat_is() {		# stat_is FILTER NAME
	run /dev/null segment-store stat --json --ladder "$tmp/ladder.yaml"
	jq -e "$1" "$tmp/out" >/dev/null; ok $? "$2"
}

job
status_is 1 'the first try fails'
is "$(cut -f4 "$tmp/out" | tr '\n' ' ')" \
    '000000001 000000003 000000004 000000005 000000006 000000007 000000008 ' \
    'the others are made'
job
stat_is '.failed == 0 and .pending == 1 and .tickets == 1' \
    'after two it is still pending'
is "$(parked)" '' 'and not parked'
job
stderr_has "stream 'cam', fragment 2: given up after 3 tries" \
    'the third is the last'
stat_is '.failed == 1 and .pending == 0 and .tickets == 0' 'stat shows it'
segment-store stat --prometheus | grep -q '^livespool_failed{stream="cam"} 1$'
ok $? 'and Prometheus gets it'
parked >"$tmp/parked"
is "$(cut -f4,10 "$tmp/parked" | tr '\t' ' ')" \
    '000000002 no picture could be decoded' 'ls --failed says why'
is "$(parked --json | jq -r .failed)" 'no picture could be decoded' \
    'in JSON too'
is "$(segment-store pending --ladder "$tmp/ladder.yaml")" '' \
    'it is not pending'
job
status_is 1 'a try more'
stderr_has 'parked as failed: no picture could be decoded' 'is refused'
run /dev/null playlist-gen --live --patience 0s --window 20s cam
is "$(grep -A2 EXT-X-GAP "$tmp/spool/www/cam/h264/live.m3u8" | tail -n1)" \
    000001/000000/000000002.m4s 'players see a gap'

run /dev/null segment-store requeue --failed other
is "$(cat "$tmp/out")" '' 'asked for again: not of another stream'
run /dev/null segment-store requeue --failed --owner me
status_is 64 'nor of claims'
run /dev/null segment-store requeue --failed cam
is "$(cut -f4 "$tmp/out")" 000000002 'asked for again: its line'
stat_is '.failed == 0 and .pending == 1 and .tickets == 1' 'and it is pending'

# A worker that pulls: its claim is not put back again and again.
: >"$tmp/err"
transcode-job --ladder "$tmp/ladder.yaml" --owner me --tries 2 \
    >"$tmp/pulled" 2>"$tmp/err" &
pids=$!
failures() {
	segment-store requeue --older 1us >/dev/null
	[ "$(grep -c 'no picture' "$tmp/err")" -ge "$1" ]
}
wait_for 20 failures 2
wait_for 20 grep -q 'given up after 2 tries' "$tmp/err"
ok $? '--tries, in a worker that pulls'
no_claim() {
	[ -z "$(find "$tmp/spool/claimed" "$tmp/spool/queue" -name "cam+*")" ]
}
wait_for 20 no_claim
ok $? 'it has neither claim nor ticket then'
stat_is '.failed == 1' 'it is parked'

# The original is found again elsewhere.
cat "$tmp/good.mp4" >"$second.new"
mv -f "$second.new" "$second"
segment-store requeue --failed >/dev/null
wait_for 20 grep -q 000000002 "$tmp/pulled"
ok $? 'what works then is done'
kill "$pids"
is "$(ls "$tmp/spool/failed")" '' 'and nothing is left of the tries'
stat_is '.failed == 0 and .pending == 0 and .tickets == 0' 'all is well'

# What is no fault of the fragment does not count.
mkdir "$tmp/other"
cp -R "$tmp/spool/src" "$tmp/other"
printf 'video:\n  av1: {codec: h264, height: 90, bitrate: 400M}\n' \
    >"$tmp/other.yaml"
mv "$tmp/other/src/cam/000001/000000/000000001.mp4" "$tmp/away.mp4"
for i in 1 2 3; do
	LIVESPOOL_SPOOL=$tmp/other run /dev/null transcode-job \
	    --ladder "$tmp/ladder.yaml" \
	    src/cam/000001/000000/000000001.mp4
	status_is 66 "an original that is not there ($i)"
done
is "$(find "$tmp/other" -path '*failed/*')" '' 'is not parked'
run /dev/null transcode-job --ladder "$tmp/ladder.yaml" --tries 0 "$second"
status_is 64 'no try at all'
done_testing
