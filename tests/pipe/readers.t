#!/bin/bash
# ffmpeg and GStreamer read the live playlist, and get every picture and every
# frame of sound.  LIVE_SECONDS: for how long.
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
# of SECONDS; but of two lists one may be loaded, and begin, a second later
steady() {
	sort -n "$1" | awk -v ticks="$2" -v seconds="$seconds" '
	    NR > 1 && ($1 - last < ticks * 0.98 || $1 - last > ticks * 1.02) {
		print "after", last, "comes", $1; bad = 1 }
	    { if (NR == 1) first = $1; last = $1 }
	    END { print NR, "from", first, "to", last
		exit bad || last - first < (seconds - 2) * 1e9 }' >"$tmp/err"
	ok $? "$3: $(tail -n 1 "$tmp/err")"
}

gst=$(command -v gst-launch-1.0)
[ -z "$gst" ] || {
	timeout -s INT $((seconds + 2)) "$gst" -m uridecodebin3 "uri=$url" \
	    name=in in. ! video/x-raw ! \
	    identity check-imperfect-timestamp=true ! \
	    filesink sync=true "location=$tmp/gst.video" \
	    in. ! audio/x-raw ! audioconvert ! \
	    audio/x-raw,format=S16LE,channels=2 ! \
	    identity check-imperfect-timestamp=true ! \
	    filesink sync=true "location=$tmp/gst.audio" >"$tmp/gst.out" 2>&1 &
	gst=$!
	pids="$pids $gst"
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

# GStreamer's pictures are compared, decoded, with those that were published.
pictures() {		# pictures FFMPEG-ARG...: a line for each
	ffmpeg -v error "$@" -f framemd5 - | sed -n '/^#/!s/.*, *//p'
}
if [ -n "$gst" ]; then
	st=0; wait "$gst" || st=$?
	is "$st" 124 'GStreamer reads until it is stopped'
	pictures -i "$tmp/v.mp4" >"$tmp/published"
	pictures -f rawvideo -pix_fmt yuv420p -s 64x64 -r 25 \
	    -i "$tmp/gst.video" >"$tmp/shown"
	grep -nxF "$(head -n 1 "$tmp/shown")" "$tmp/published" >"$tmp/first"
	tail -n "+$(cut -d : -f 1 "$tmp/first")" "$tmp/published" |
	    head -n "$(wc -l <"$tmp/shown")" | cmp -s - "$tmp/shown" &&
	    [ "$(wc -l <"$tmp/shown")" -ge $(((seconds - 2) * 25)) ]
	ok $? "GStreamer, pictures: $(wc -l <"$tmp/shown"), none left out"
	samples=$(($(stat -c %s "$tmp/gst.audio") / 4))
	[ "$samples" -ge $(((seconds - 2) * 48000)) ]
	ok $? "GStreamer, sound: $samples samples"
	# It counts in nanoseconds, and 1024 samples are not so many of them.
	grep 'imperfect-timestamp, delta' "$tmp/gst.out" |
	    grep -v 'delta=(gint64)-\{0,1\}[01],' >"$tmp/err"
	is $? 1 'and no gap'
else
	skip 'no gst-launch-1.0' 'GStreamer'
fi
is "$(cat "$tmp/gen.err")" '' 'playlist-gen has nothing to say'
done_testing
