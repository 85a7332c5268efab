#!/bin/sh
# segment-store stat: exact, and cheap the second time
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL
printf 'video:\n  low: {codec: h264, height: 360, bitrate: 500k}\n' \
	>"$tmp/l.yaml"

# 3500 seconds up to now, epochs of 1200, all transcoded but two
perl "$here/../store.pl" "$tmp/spool" cam 3500 "$(date +%s)000000" 1200 1 low ||
	{ echo 'Bail out! no store'; exit 99; }
rm "$tmp/spool/www/cam/low/000001/000000/000000007.m4s" \
	"$tmp/spool/www/cam/low/000003/000003/000003499.m4s"
# stat_is FILTER NAME: what --json prints is as jq says
stat_is() {
	run /dev/null segment-store stat --json -l "$tmp/l.yaml"
	jq -e "$1" "$tmp/out" >/dev/null; ok $? "$2"
}
bytes() { cat "$tmp"/spool/src/cam/*/*/*.mp4 | wc -c; }
stat_is ".epochs == 3 and .fragments == 3500 and .first == 1 and
    .last == 3500 and .bytes == $(bytes) and .pending == 2" 'it counts'
stat_is '.fragments_per_s > 0.5 and .fragments_per_s <= 1.02 and
    .bytes_per_s > 50 and .bytes_per_s < 200' 'what the last minute brought'

printf 'video:\n  low: {codec: h264, height: 360, bitrate: 500k, shed: 3}\n' \
	>"$tmp/shed.yaml"
run /dev/null segment-store stat --json -l "$tmp/shed.yaml"
jq -e '.pending == 2 and .shed == 2' "$tmp/out" >/dev/null
ok $? 'and what lacks only what may be shed'

index=$tmp/spool/index/cam
rests() {
	segment-store stat >/dev/null
	segment-store pending -l "$tmp/l.yaml" >/dev/null
	[ "$(grep -c '^src ' "$index")" -eq 6 ] &&
		[ "$(grep -c '^low ' "$index")" -eq 4 ]
}
wait_for 15 rests; ok $? 'directories that rest are remembered'
stat_is ".fragments == 3500 and .bytes == $(bytes) and .pending == 2" \
	'the same from memory'
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	run /dev/null env ASAN_OPTIONS=detect_leaks=0 strace -f \
	    -e trace=newfstatat,faccessat,faccessat2,openat -o "$tmp/trace" \
	    segment-store stat -l "$tmp/l.yaml"
	calls=$(grep -c . "$tmp/trace")
	[ "$calls" -lt 300 ]; ok $? "with few system calls ($calls)"
else
	skip 'no strace' 'with few system calls'
fi

rm "$tmp/spool/src/cam/000001/000000/000000100.mp4"
stat_is ".fragments == 3499 and .bytes == $(bytes) and .pending == 2" \
	'what is removed is not counted'
rm "$tmp/spool/www/cam/low/000002/000001/000001300.m4s"
stat_is '.pending == 3' 'a rendition that is removed is pending again'
rm -r "$tmp/spool/src/cam/000001/000000"
stat_is ".fragments == 2501 and .first == 1000 and .bytes == $(bytes) and
    .pending == 2" 'a group that is gone is gone'
rests_again() { segment-store stat >/dev/null; ! grep -q '^src 1 0 ' "$index"; }
wait_for 15 rests_again; ok $? 'and is forgotten'
for bad in '' 'livespool index 1' "$(tr 0-9 9 <"$index")"; do
	printf '%s\n' "$bad" >"$index"
	stat_is ".fragments == 2501 and .bytes == $(bytes)" \
		'a bad index does no harm'
done
rm -r "$tmp/spool/index"
stat_is ".fragments == 2501 and .bytes == $(bytes)" 'nor does none'

# --- metrics
run /dev/null segment-store stat --prometheus -l "$tmp/l.yaml"
status_is 0 '--prometheus'
stdout_has 'livespool_fragments{stream="cam"} 2501' 'fragments'
stdout_has 'livespool_pending{stream="cam"} 2' 'pending'
stdout_has '# TYPE livespool_bytes gauge' 'types'
awk '/^#/ { next } !/^[a-z_]+\{stream="[^"]+"\} [0-9.]+$/ { bad = 1 }
    END { exit bad }' "$tmp/out"; ok $? 'lines as Prometheus reads them'
age=$(awk -v now="$(date +%s)" '/^livespool_newest_timestamp_seconds/ {
	print (now - $2 >= -1 && now - $2 < 120) }' "$tmp/out")
is "$age" 1 'the time of the newest'
run /dev/null segment-store stat --prometheus
! grep -q pending "$tmp/out"; ok $? 'nothing is pending without a ladder'

# --- streams that have nothing, or something else
mkdir "$tmp/spool/src/empty"
run /dev/null segment-store stat --json empty
jq -e '.fragments == 0 and .bytes == 0 and has("age_s") == false' \
	"$tmp/out" >/dev/null
ok $? 'an empty stream'
mkdir -p "$tmp/spool/src/odd/000001/000000"
echo broken >"$tmp/spool/src/odd/000001/000000/000000001.mp4"
run /dev/null segment-store stat --json odd
jq -e '.fragments == 1 and .bytes == 7 and .age_s >= 0' "$tmp/out" >/dev/null
ok $? 'a damaged file counts, too'
run /dev/null segment-store stat nosuch
status_is 66 'no such stream'
done_testing
