#!/bin/bash
# Fragments of each codec in Chromium's media source: taken as they are, and
# played to the end.
. "${0%/*}/../tap.sh"
here=$(cd "${0%/*}" && pwd)
. "$here/relay.sh"
need_browser ffmpeg

# clip CODEC TYPE FRAMES OPTION...: two seconds, as fragments
args=()
clip() {
	local codec=$1 type=$2 frames=$3; shift 3
	ffmpeg -nostdin -v error "$@" -t 2 -strict -2 "$tmp/$codec.in.mp4" \
	    2>"$tmp/encoder" || { skip 'no encoder' "$codec"; return; }
	perl "$here/../flv-ertmp.pl" "$tmp/$codec.in.mp4" |
	    fragment-split >"$tmp/$codec.mp4"
	args+=("$tmp/$codec.mp4@$type@2@$frames")
}
video() {		# video CODEC CODECS OPTION...
	clip "$1" "video/mp4; codecs=\"$2\"" 50 -f lavfi \
	    -i testsrc2=size=160x96:rate=25 -g 25 -pix_fmt yuv420p -c:v "${@:3}"
}
audio() {
	clip "$1" "audio/mp4; codecs=\"$2\"" 0 -f lavfi \
	    -i sine=sample_rate=48000 -ac 2 -c:a "${@:3}"
}
video h264 avc1.640028 libx264 -preset ultrafast -bf 2
video hevc hvc1.1.6.L60.90 libx265 -preset ultrafast -tag:v hvc1 \
    -x265-params log-level=none:open-gop=0:bframes=2
video av1 av01.0.00M.08 libaom-av1 -cpu-used 8 -usage realtime -row-mt 0
video vp9 vp09.00.10.08 libvpx-vp9 -deadline realtime -cpu-used 8 \
    -lag-in-frames 0
audio aac mp4a.40.2 aac
audio opus opus libopus
audio mp3 mp4a.6B libmp3lame
audio flac flac flac
audio ac3 ac-3 ac3
audio eac3 ec-3 eac3

run /dev/null node "$here/mse.js" "${args[@]}"
relay 'media source'

# Half a fragment is noticed.
head -c $(($(stat -c %s "$tmp/h264.mp4") * 2 / 3)) "$tmp/h264.mp4" \
    >"$tmp/half.mp4"
run /dev/null node "$here/mse.js" \
    "$tmp/half.mp4@video/mp4; codecs=\"avc1.640028\"@2@50"
is "$st" 1 'less than all is noticed'
done_testing
