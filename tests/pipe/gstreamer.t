#!/bin/sh
# GStreamer's rtmp2sink as the publisher.
. "${0%/*}/../tap.sh"
. "${0%/*}/path.sh"
command -v gst-launch-1.0 >/dev/null || {
	echo '1..0 # SKIP no gst-launch-1.0'
	exit 0
}

start_live; ok $? 'the path comes up'
frames=$((seconds * 30)) buffers=$((seconds * 48000 / 1024))
# One muxer, so that the copy has the bytes that were sent.  It waits for the
# encoder, which is late at first on a busy machine: else it would write the
# first pictures with the time of the sound, and they would not be 1/30 s apart.
gst-launch-1.0 -q -e \
    videotestsrc is-live=true num-buffers=$frames pattern=ball ! \
    "video/x-raw,width=${size%x*},height=$height,framerate=30/1" ! \
    x264enc tune=zerolatency speed-preset=superfast key-int-max=60 ! h264parse ! \
    queue ! mux. \
    audiotestsrc is-live=true num-buffers=$buffers samplesperbuffer=1024 ! \
    audio/x-raw,rate=48000,channels=2 ! voaacenc ! aacparse ! queue ! mux. \
    flvmux name=mux streamable=true latency=2000000000 ! tee name=sent \
    sent. ! queue ! rtmp2sink "location=rtmp://$rtmp/live/gst" \
    sent. ! queue ! filesink "location=$tmp/gst.flv" \
    >"$tmp/err" 2>&1
ok $? 'publish through rtmp2sink'

wait_for $((seconds * 3 + 20)) complete gst; ok $? 'every rendition is made'
check_durations gst
check_frames gst "$tmp/gst.flv"
for r in $video_renditions aac; do check_joints gst "$r"; done
stop_live; is $? 0 'SIGTERM ends it with status 0'
done_testing
