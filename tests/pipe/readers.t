#!/bin/bash
# ffmpeg reads the live playlist, and gets every picture and every frame of
# sound.  LIVE_SECONDS: for how long.
. "${0%/*}/../tap.sh"
here=$(cd "${0%/*}" && pwd)
. "$here/../serve.sh"
seconds=${LIVE_SECONDS:-8}

# A stream with low latency that began a while ago; fragments cross from one
# directory into the next.
mkdir -p "$tmp/live"/{queue,src,www}
ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=64x64:r=25 \
    -t $((seconds + 40)) -c:v libx264 -preset ultrafast -bf 2 -g 25 \
    -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p -f mp4 \
    -movflags +frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets \
    "$tmp/v.mp4" &&
    ffmpeg -v error -nostdin -f lavfi -i sine=r=48000 -t $((seconds + 40)) \
    -c:a aac -ac 2 -movflags +empty_moov+default_base_moof \
    -frag_duration 1000000 -f mp4 "$tmp/a.mp4"
ok $? 'media'
now=$(($(date +%s%6N) - 8000000))
for one in src:v big:v aac:a; do
	"$here/../mkstore.pl" "$tmp/all" cam "${one%:*}" 1 995 "$now" \
	    "$tmp/${one#*:}.mp4" || break
done
ok $? 'a stream'
playlist-gen --spool "$tmp/live" --follow --low-latency 2>"$tmp/gen.err" &
pids="$pids $!"
serve "$tmp/live"
"$here/../pace.pl" "$tmp/all" "$tmp/live" cam & pids="$pids $!"
wait_for 20 test -s "$tmp/live/www/cam/main.m3u8"; ok $? 'it is live'
url=$url/cam/main.m3u8

# steady FILE TICKS NAME: times in it, one a line, are TICKS apart, all of them
# of SECONDS
steady() {
	sort -n "$1" | awk -v ticks="$2" -v seconds="$seconds" '
	    NR > 1 && ($1 - last < ticks * 0.98 || $1 - last > ticks * 1.02) {
		print "after", last, "comes", $1; bad = 1 }
	    { if (NR == 1) first = $1; last = $1 }
	    END { print NR, "from", first, "to", last
		exit bad || last - first < (seconds - 1) * 1e9 }' >"$tmp/err"
	ok $? "$3: $(tail -n 1 "$tmp/err")"
}

ffprobe -v error -read_intervals "%+$seconds" -show_entries \
    packet=codec_type,pts_time -of csv=p=0 "$url" >"$tmp/ffmpeg.out" \
    2>"$tmp/err" & reader=$!
pids="$pids $reader"
wait "$reader"; ok $? "ffmpeg reads for $seconds seconds"
for kind in video audio; do
	awk -F, -v kind="$kind" '$1 == kind { printf "%.0f\n", $2 * 1e9 }' \
	    "$tmp/ffmpeg.out" >"$tmp/ffmpeg.$kind"
done
steady "$tmp/ffmpeg.video" 40000000 'ffmpeg, pictures'
steady "$tmp/ffmpeg.audio" $((1024 * 1000000 / 48)) 'ffmpeg, sound'
is "$(cat "$tmp/gen.err")" '' 'playlist-gen has nothing to say'
done_testing
