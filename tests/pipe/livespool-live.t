#!/bin/sh
# A real encoder in, every frame of it out of each rendition, whatever its
# keyframe interval.
. "${0%/*}/../tap.sh"
. "${0%/*}/path.sh"
. "${0%/*}/../checked.sh"

# What cannot work ends at once, and leaves nothing running.
printf 'video:\n  small: {codec: h265, height: 90}\n' >"$tmp/bad.yaml"
run /dev/null timeout 20 livespool-live --ladder "$tmp/bad.yaml" \
    --rtmp 127.0.0.1:0 --http 127.0.0.1:0
status_is 78 'a wrong ladder ends it'
stderr_has "bad.yaml:2:18: codec: bad value 'h265'" 'and is named'

start_live; ok $? 'the path comes up'
run /dev/null timeout 20 livespool-live --spool "$tmp/other" \
    --ladder "$tmp/ladder.yaml" --rtmp "$rtmp" --http 127.0.0.1:0
status_is 71 'an address in use ends it'
stderr_has "cannot listen on '$rtmp'" 'and is named'
pgrep -f "$tmp/other" >"$tmp/err"; [ $? -eq 1 ]; ok $? 'nothing is left of it'

publish two-seconds "$seconds" 60 &
first=$!
publish obs-default "$seconds" 250 &
second=$!
pids="$pids $first $second"
wait "$first"; ok $? 'publish with a keyframe every 2 s'
wait "$second"; ok $? 'publish with a keyframe every 8.33 s'

for stream in two-seconds obs-default; do
	wait_for $((seconds * 3 + 20)) complete "$stream"
	ok $? "$stream: every rendition is made"
	check_durations "$stream"
	check_frames "$stream" "$tmp/$stream.flv"
	for r in $video_renditions; do check_joints "$stream" "$r"; done
	check_joints "$stream" aac
	read -r packets samples <"$tmp/joint-sum"
	is "$samples" $((packets * 1024)) "$stream/aac: the sample count is exact"
done

# What viewers get.
wait_for 10 curl -sf "http://$http/obs-default/main.m3u8" -o "$tmp/main.m3u8"
ok $? 'the multivariant playlist is served'
grep -c '^#EXT-X-STREAM-INF' "$tmp/main.m3u8" >"$tmp/out"
is "$(cat "$tmp/out")" 3 'with three sizes'
ffmpeg -nostdin -v error -live_start_index 0 -t 2 \
    -i "http://$http/two-seconds/main.m3u8" -f null - 2>"$tmp/err" &&
    [ ! -s "$tmp/err" ]
ok $? 'ffmpeg plays it'
for stream in two-seconds obs-default; do
	checked "http://$http/$stream/main.m3u8"
	ok $? "$stream: its playlists and media are right"
done

stop_live; is $? 0 'SIGTERM ends it with status 0'
pgrep -f "$spool" >"$tmp/err"; [ $? -eq 1 ]; ok $? 'and leaves no process'
done_testing
