#!/bin/sh
# A rendition that comes late: others go on, it is a GAP while live, and back
# in the list and in the recording once it is there.
# shellcheck disable=SC2154 # tmp, spool, st: tap.sh and path.sh
. "${0%/*}/../tap.sh"
. "${0%/*}/path.sh"

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=25 \
    -f lavfi -i sine=sample_rate=48000 -t 14 -c:v libx264 -preset ultrafast \
    -g 25 -pix_fmt yuv420p -c:a aac -f flv "$tmp/cam.flv"
cat >"$tmp/ladder.yaml" <<'EOT'
video:
  h264-90p: {codec: h264, height: 90, quality: 28, cap: 300k, preset: ultrafast}
  h264-72p: {codec: h264, height: 72, quality: 28, cap: 200k, preset: ultrafast}
audio:
  aac: {codec: copy}
EOT
fragment-split <"$tmp/cam.flv" | segment-store put cam >"$tmp/lines"
make_some() { transcode-job --ladder "$tmp/ladder.yaml" "$@" >>"$tmp/made"; }
# Of the sixth there are two of three renditions.
grep -v '	000000006	' "$tmp/lines" | make_some &&
    grep '	000000006	' "$tmp/lines" | make_some -r h264-72p -r aac
ok $? 'all but one are made'

live=$spool/www/cam/h264-90p/live.m3u8
gaps() { [ "$(grep -c EXT-X-GAP "$1")" -eq "$2" ]; }
playlist-gen --follow --patience 3s --linger 0s cam 2>"$tmp/follow" &
follow=$!
pids=$follow
wait_for 20 gaps "$live" 1
ok $? 'it is a GAP'
is "$(grep -A3 EXT-X-GAP "$live" | grep -o '[0-9]*\.m4s')" 000000006.m4s \
    'the one that is missing'
is "$(grep -c m4s "$live")" "$(wc -l <"$tmp/lines")" 'what is behind it is listed'
gaps "$spool/www/cam/h264-72p/live.m3u8" 0 && gaps "$spool/www/cam/aac/live.m3u8" 0
ok $? 'the others have it'
run /dev/null playlist-gen --check "$spool/www/cam"
status_is 0 'and all is right'

grep '	000000006	' "$tmp/lines" | make_some -r h264-90p
wait_for 20 gaps "$live" 0
ok $? 'it comes: the GAP is gone'
run /dev/null playlist-gen --vod cam
status_is 0 'the recording'
vod=$spool/www/cam/h264-90p/vod.m3u8
gaps "$vod" 0 && gaps "$spool/www/cam/h264-90p/vod-iframes.m3u8" 0
ok $? 'has none'
is "$(ffprobe -v error -count_packets -select_streams v -show_entries \
    stream=nb_read_packets -of csv=p=0 "$vod" 2>"$tmp/err" | head -n 1)" 350 \
    'ffprobe reads every picture'
kill "$follow"
wait "$follow"
is "$? $(cat "$tmp/follow")" '0 ' 'playlist-gen had nothing to say'
done_testing
