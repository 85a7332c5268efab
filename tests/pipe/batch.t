#!/bin/sh
# A recording gets one more rendition afterwards, and a VOD playlist.
# BATCH_SECONDS: how long it is.
. "${0%/*}/../tap.sh"
. "${0%/*}/path.sh"
length=${BATCH_SECONDS:-40}

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=30 \
    -f lavfi -i sine=sample_rate=48000 -t 20 -c:v libx264 -preset ultrafast \
    -g 60 -pix_fmt yuv420p -c:a aac "$tmp/clip.mp4"
ffmpeg -nostdin -v error -stream_loop -1 -i "$tmp/clip.mp4" -t "$length" \
    -c copy -f flv "$tmp/long.flv"
fragment-split <"$tmp/long.flv" >"$tmp/fragments" &&
    segment-store put rec <"$tmp/fragments" >"$tmp/lines" 2>"$tmp/err"
ok $? "$length s are stored"
# The clip's sound is a little longer than its pictures: so is each round.
stored=$(segment-store ls rec | wc -l)
[ "$stored" -ge $((length * 999 / 1000)) ] && [ "$stored" -le "$length" ]
ok $? "one fragment a second ($stored)"

cat >"$tmp/new.yaml" <<'EOT'
video:
  h264-90p: {codec: h264, height: 90, quality: 28, cap: 300k, preset: ultrafast}
audio:
  aac: {codec: copy}
EOT
segment-store ls rec | cut -f1 | parallel --will-cite transcode-job \
    --ladder "$tmp/new.yaml" {} >"$tmp/out" 2>"$tmp/err"
ok $? 'parallel transcode-job over segment-store ls'
is "$(segment-store pending --ladder "$tmp/new.yaml" rec | wc -l)" 0 \
    'nothing is pending'
video_renditions=h264-90p
check_frames rec "$tmp/long.flv"
check_joints rec h264-90p
playlist-gen --vod rec 2>"$tmp/err"; ok $? 'playlist-gen --vod'
vod=$spool/www/rec/h264-90p/vod.m3u8
is "$(grep -c '^#EXTINF' "$vod")" "$stored" 'lists every second'
grep -q '^#EXT-X-ENDLIST' "$vod"; ok $? 'and ends'
is "$(ffprobe -v error -count_packets -select_streams v -show_entries \
    stream=nb_read_packets -of csv=p=0 "$vod" 2>"$tmp/err" | head -n 1)" \
    "$(pts "$tmp/long.flv" v | wc -l)" 'ffprobe reads all of it'
[ ! -s "$tmp/err" ]; ok $? 'without a complaint'
done_testing
