#!/bin/sh
# Real encoders publish to rtmp-recv: what they send is what comes out.
#
# CLIENT_SECONDS (3): how long each of them streams
here=${0%/*}
. "$here/../tap.sh"
seconds=${CLIENT_SECONDS:-3}
librtmp=$BIN/../tests/librtmp-publish

# serve: one publisher, to $tmp/out.flv; sets $server and $url
serve() {
	: >"$tmp/port"
	rtmp-recv --once --listen 127.0.0.1:0 --ready-fd 9 9>"$tmp/port" \
	    >"$tmp/out.flv" 2>"$tmp/err" &
	server=$!
	pids="$pids $server"
	wait_for 20 test -s "$tmp/port"
	read -r port <"$tmp/port"
	url=rtmp://127.0.0.1:$port/live/cam
}

served() {		# served NAME: the server saw the stream's proper end
	st=0
	wait "$server" || st=$?
	grep -v 'no --keys' "$tmp/err" >"$tmp/warnings"
	[ $st -eq 0 ] && [ ! -s "$tmp/warnings" ]; ok $? "$1: it ends in order"
}

hashes() {		# of every packet, with its time
	ffmpeg -nostdin -v error -i "$1" -c copy -f framehash - 2>&1 |
	    grep -v '^#'
}
same_packets() {	# same_packets SENT NAME
	hashes "$1" >"$tmp/sent.hash"
	hashes "$tmp/out.flv" >"$tmp/got.hash"
	[ "$(wc -l <"$tmp/sent.hash")" -ge $((seconds * 30)) ] &&
	    cmp -s "$tmp/sent.hash" "$tmp/got.hash"
	ok $? "$2: every packet sent is there, with its time"
	ffprobe -v error -count_frames -show_entries stream=nb_read_frames \
	    "$tmp/out.flv" 2>"$tmp/decode" >"$tmp/counts"
	is $? 0 "$2: and is decoded"
	is "$(cat "$tmp/decode")" '' "$2: without an error"
}
same_tags() {		# same_tags SENT NAME
	tail -c +14 "$1" >"$tmp/sent.tags"
	tail -c +14 "$tmp/out.flv" | cmp - "$tmp/sent.tags"
	ok $? "$2: every tag is there, byte for byte"
}

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=640x360:rate=30 \
    -f lavfi -i sine=sample_rate=48000 -t "$seconds" -c:v libx264 \
    -preset veryfast -bf 2 -g 30 -pix_fmt yuv420p -c:a aac \
    -f flv "$tmp/in.flv" || exit 99

serve
ffmpeg -nostdin -v error -re -i "$tmp/in.flv" -c copy -f flv "$url"
ok $? 'FFmpeg: publishes in real time'
served FFmpeg
same_packets "$tmp/in.flv" FFmpeg

if ffmpeg -v error -protocols | grep -qw rtmpe; then
	serve
	ffmpeg -nostdin -v error -re -i "$tmp/in.flv" -c copy -f flv \
	    "$url live=1"
	ok $? 'FFmpeg with librtmp: publishes in real time'
	served 'FFmpeg with librtmp'
	same_packets "$tmp/in.flv" 'FFmpeg with librtmp'
else
	skip 'this FFmpeg is built without librtmp' 'FFmpeg with librtmp'
fi

if gst-inspect-1.0 --exists rtmp2sink 2>/dev/null; then
	serve
	# One muxer, so that the copy has the bytes that were sent.
	gst-launch-1.0 -q -e videotestsrc is-live=true \
	    num-buffers=$((seconds * 30)) pattern=ball ! \
	    video/x-raw,width=640,height=360,framerate=30/1 ! \
	    x264enc tune=zerolatency speed-preset=superfast key-int-max=60 ! \
	    h264parse ! queue ! mux. \
	    audiotestsrc is-live=true samplesperbuffer=1024 \
	    num-buffers=$((seconds * 48000 / 1024)) ! \
	    audio/x-raw,rate=48000,channels=2 ! voaacenc ! aacparse ! queue ! \
	    mux. flvmux name=mux streamable=true ! tee name=sent \
	    sent. ! queue ! rtmp2sink "location=$url" \
	    sent. ! queue ! filesink "location=$tmp/gst.flv" 2>&1
	ok $? 'GStreamer: publishes in real time'
	served GStreamer
	same_packets "$tmp/gst.flv" GStreamer
else
	skip 'no rtmp2sink' GStreamer
fi

obs_missing=
for program in obs xvfb-run; do
	command -v "$program" >/dev/null || obs_missing="$program is not installed"
done
if [ -z "$obs_missing" ]; then
	serve
	sent=$("$here/../obs" "${url%/*}" "${url##*/}" "$seconds" "$tmp/obs" \
	    2>"$tmp/obs.err")
	ok $? 'OBS: publishes in real time'
	sed 's/^/# /' "$tmp/obs.err"
	served OBS
	ffprobe -v error -select_streams v -count_frames -of csv=p=0 \
	    -show_entries stream=nb_read_frames "$tmp/out.flv" \
	    >"$tmp/got" 2>"$tmp/decode"
	is "$(cat "$tmp/got")" "${sent:-0}" 'OBS: every frame that it says it sent'
	is "$(cat "$tmp/decode")" '' 'OBS: decoded without an error'
else
	skip "$obs_missing" OBS
fi

if [ ! -x "$librtmp" ]; then
	skip 'no librtmp' 'librtmp, Enhanced RTMP'
	done_testing
	exit
fi
serve
"$librtmp" "$url" <"$tmp/in.flv"; ok $? 'librtmp: publishes'
served librtmp
same_tags "$tmp/in.flv" librtmp
same_packets "$tmp/in.flv" librtmp

# make NAME OPTION...: a second of it as NAME.mp4
make() {
	made=$1; shift
	ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=30 \
	    -f lavfi -i sine=sample_rate=48000 -t 1 -g 15 "$@" -strict -2 \
	    -f mp4 "$tmp/$made.mp4" 2>"$tmp/ffmpeg"
}
# enhanced NAME OPTION MP4...: as flv-ertmp.pl makes it
enhanced() {
	name=$1 option=$2; shift 2
	(cd "$tmp" && perl "$perl_dir/flv-ertmp.pl" "$option" "$@") \
	    >"$tmp/ertmp.flv" || { ok 1 "$name: is made"; return; }
	serve
	"$librtmp" "$url" <"$tmp/ertmp.flv"; ok $? "$name: is published"
	served "$name"
	same_tags "$tmp/ertmp.flv" "$name"
}
perl_dir=$(cd "$here/.." && pwd)

make hevc -c:v libx265 -preset ultrafast -tag:v hvc1 -c:a libopus \
    -x265-params log-level=none:bframes=2 &&
    make av1 -c:v libsvtav1 -preset 12 -c:a flac &&
    make vp9 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a ac3 &&
    make avc -c:v libx264 -preset ultrafast -bf 2 -c:a aac || {
	skip "FFmpeg has not all encoders" 'Enhanced RTMP'
	done_testing
	exit
}
enhanced 'HEVC and Opus' -cds hevc.mp4
enhanced 'AV1 and FLAC' -xs av1.mp4
enhanced 'VP9 and AC-3' -n vp9.mp4
enhanced 'three video tracks beside H.264' -d avc.mp4 hevc.mp4 av1.mp4
enhanced 'many tracks in a message' -em avc.mp4 avc.mp4 hevc.mp4
done_testing
