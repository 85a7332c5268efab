#!/bin/bash
# Three times the work that the machine can do: live goes on with the rungs that
# the ladder keeps, memory stays what it is, and the rest is made up for.
#
# OVERLOAD_SECONDS: how long it lasts (default: 8; the long form is 180).
# OVERLOAD_BOUND: no fragment of a kept rung is done later, in seconds (default:
# 10: --late, which is 6, and a job).
. "${0%/*}/../tap.sh"
seconds=${OVERLOAD_SECONDS:-8} bound=${OVERLOAD_BOUND:-10}
export LIVESPOOL_SPOOL=$tmp/spool

cat >"$tmp/ladder.yaml" <<'EOT'
video:
  top: {codec: h264, height: 360, quality: 26, cap: 20M, preset: slow, shed: 1}
  mid: {codec: h264, height: 180, quality: 26, cap: 8M, preset: medium, shed: 2}
  low: {codec: h264, height: 90, quality: 28, cap: 2M, preset: ultrafast}
EOT
ffmpeg -nostdin -v error -f lavfi \
    -i testsrc2=size=640x360:rate=25,noise=alls=10:allf=t -t 4 \
    -c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -f flv "$tmp/clip.flv"
ffmpeg -nostdin -v error -stream_loop -1 -i "$tmp/clip.flv" -t "$seconds" \
    -c copy -f flv - | fragment-split >"$tmp/fragments"
segment-store put --spool "$tmp/cut" c <"$tmp/fragments" >"$tmp/lines"
count=$(wc -l <"$tmp/lines")
[ "$count" -ge "$seconds" ]; ok $? "$count fragments"

# What one fragment costs says how many streams are three times too many.
one=$(sed -n 1p "$tmp/lines" | cut -f1)
TIMEFORMAT='%U %S'
{ time transcode-job --spool "$tmp/cut" --ladder "$tmp/ladder.yaml" "$one" \
    >"$tmp/one" 2>"$tmp/err"; } 2>"$tmp/cost"
is "$(wc -l <"$tmp/one")" 3 'one of them is made' || exit
streams=$(awk -v cores="$(nproc)" '{ n = 3 * cores / ($1 + $2)
    print n == int(n) ? n : int(n) + 1 }' "$tmp/cost")
printf '# %s s of processor time a fragment: %d streams\n' \
    "$(awk '{ print $1 + $2 }' "$tmp/cost")" "$streams"

livespool-workers --ladder "$tmp/ladder.yaml" >/dev/null 2>"$tmp/err" &
workers=$!
pids=$workers
watching() { pgrep -P "$workers" -x segment-store && [ -d "$LIVESPOOL_SPOOL/queue" ]; }
wait_for 20 watching; ok $? 'the workers come up'
publish() {
	cut -f1 "$tmp/lines" | while read -r path; do
		cat "$path"
		sleep 1
	done | segment-store put "$1" >/dev/null
}
publishers=
for i in $(seq "$streams"); do
	publish "s$i" &
	publishers="$publishers $!"
done
# memory: KiB of what watches and of what starts jobs
memory() {
	for pid in $(pgrep -P "$workers" -x 'segment-store|perl|parallel'); do
		awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status" 2>/dev/null
	done | awk '{ s += $1 } END { print s + 0 }'
}
stat() {		# stat KEY: summed over the streams
	segment-store stat --json --ladder "$tmp/ladder.yaml" |
	    jq -s "map(.$1) | add"
}
sleep $((seconds / 2))
half=$(memory)
# shellcheck disable=SC2086 # numbers
wait $publishers
end=$(memory)
printf '# memory: %d KiB half-way, %d KiB at the end\n' "$half" "$end"
[ "$half" -gt 0 ] && [ "$end" -le $((half + half / 10)) ]
ok $? 'memory does not grow with what is behind'
later=$(stat later) shed=$(stat shed) pending=$(stat pending)
printf '# at the end: %d put off, %d pending, of these %d for a shed rung only\n' \
    "$later" "$pending" "$shed"
[ "$later" -gt 0 ] && [ "$shed" -gt 0 ]; ok $? 'stat shows what was put off'

low_made() {
	[ "$(find "$LIVESPOOL_SPOOL/www" -path '*/low/*' -name '*.m4s' | wc -l)" \
	    -eq $((streams * count)) ]
}
wait_for "$bound" low_made; ok $? 'the lowest rung is there of every fragment'
# The longest time from an original to its lowest rendition, and the median.
(cd "$LIVESPOOL_SPOOL" && find src www/*/low -name '*.m[p4][4s]' \
    ! -name 'init-*' -printf '%p %T@\n') | awk '
    { n = split($1, p, "/"); seq = p[n]; sub(/\..*/, "", seq) }
    p[1] == "src" { made[p[2] seq] = $2 }
    p[1] == "www" { done[p[2] seq] = $2 }
    END { for (k in made) print int(1000 * (done[k] - made[k])) }' |
    sort -n >"$tmp/delays"
worst=$(tail -n 1 "$tmp/delays")
printf '# delay of the kept rung: median %d ms, worst %d ms\n' \
    "$(sed -n "$((($(wc -l <"$tmp/delays") + 1) / 2))p" "$tmp/delays")" "$worst"
[ "$worst" -le $((bound * 1000)) ]; ok $? "none is later than $bound s"

none_pending() {
	[ -z "$(segment-store pending --ladder "$tmp/ladder.yaml")" ] &&
	    [ -z "$(ls -A "$LIVESPOOL_SPOOL/later")" ]
}
begun=$(date +%s)
wait_for $((60 + 10 * seconds)) none_pending; ok $? 'the rest is caught up'
printf '# caught up %d s afterwards, of work for %d s at most\n' \
    $(($(date +%s) - begun)) "$(awk -v n="$pending" -v cores="$(nproc)" \
    '{ print int(n * ($1 + $2) / cores) }' "$tmp/cost")"
made=$(find "$LIVESPOOL_SPOOL/www" -name '*.m4s' | wc -l)
is "$made" $((3 * streams * count)) 'every rendition of every fragment'
kill "$workers"
wait "$workers"; is $? 0 'SIGTERM ends it with status 0'
pgrep -f "$LIVESPOOL_SPOOL/" >"$tmp/err"; [ $? -eq 1 ]
ok $? 'and leaves no process'
done_testing
