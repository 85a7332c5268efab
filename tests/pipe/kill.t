#!/bin/sh
# What is killed costs time, never content.
. "${0%/*}/../tap.sh"
. "${0%/*}/path.sh"

start_live; ok $? 'the path comes up'

# kill_one NAME: kill -9 one process of that name that works on our spool
kill_one() {
	for pid in $(pgrep -x "$1"); do
		tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" |
		    grep -qxF "LIVESPOOL_SPOOL=$spool" || continue
		kill -9 "$pid" && return
	done
	return 1
}

publish cam 12 60 &
publisher=$!
pids="$pids $publisher"
stored() { [ "$(segment-store ls "$1" 2>/dev/null | wc -l)" -ge "$2" ]; }
wait_for 20 stored cam 2
killed=0
for round in 1 2 3; do
	wait_for 5 kill_one transcode-job && killed=$((killed + 1))
	wait_for 10 stored cam $((round + 3))
done
is "$killed" 3 'workers are killed at work'
wait_for 20 kill_one parallel; ok $? 'and GNU parallel itself'
wait_for 20 kill_one playlist-gen; ok $? 'and playlist-gen'
wait_for 20 kill_one segment-serve; ok $? 'and segment-serve'
wait "$publisher"; ok $? 'the publisher noticed nothing'
wait_for 60 complete cam; ok $? 'every rendition is made all the same'
check_frames cam "$tmp/cam.flv"
for r in $video_renditions aac; do check_joints cam "$r"; done

# A publisher that dies and comes back.
publish again 60 60 &
publisher=$!
pids="$pids $publisher"
wait_for 20 stored again 4
pkill -9 -f "rtmp://$rtmp/live/again"
wait "$publisher"
before=$(segment-store ls again | tail -n 1 | cut -f4)
listed() {
	curl -sf "http://$http/again/full/live.m3u8" >"$tmp/live.m3u8" &&
	    grep -q "$1" "$tmp/live.m3u8"
}
wait_for 10 listed '^#EXTINF'; ok $? 'the first publication is listed'
first=$(sed -n 's/^#EXT-X-MEDIA-SEQUENCE://p' "$tmp/live.m3u8")
publish again 4 60; ok $? 'the publisher comes back'
wait_for 30 listed '^#EXT-X-DISCONTINUITY$'
ok $? 'the same playlist goes on with a DISCONTINUITY'
grep -q 'init-000002.mp4' "$tmp/live.m3u8"; ok $? 'and a new init segment'
[ "$(sed -n 's/^#EXT-X-MEDIA-SEQUENCE://p' "$tmp/live.m3u8")" -ge "$first" ]
ok $? 'media sequence numbers do not fall'
segment-store ls again | awk -F '\t' -v before="$before" '
	$4 + 0 != n + 1 { bad = 1 } { n = $4 + 0 } $3 == 2 && !epoch2 { epoch2 = n }
	END { exit bad || epoch2 <= before }'
ok $? 'fragment numbers grow by one across the epochs'
stop_live; is $? 0 'SIGTERM ends it with status 0'
done_testing
