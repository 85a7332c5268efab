#!/bin/bash
# The pipelines of livespool(7), as they stand there.
. "${0%/*}/../tap.sh"
. "${0%/*}/path.sh"
page=$(cd "${0%/*}/../.." && pwd)/man/livespool.7

# example WORD: the first example that has WORD, as a script
example() {
	awk -v word="$1" '/^\.Bd/ { text = ""; inside = 1; next }
	    /^\.Ed/ { if (index(text, word)) { printf "%s", text; exit }
		      inside = 0 }
	    inside { text = text $0 "\n" }' "$page" |
	    sed 's/^\$ //; s/\\e/\\/g'
}

ffmpeg -nostdin -v error -f lavfi -i "testsrc2=size=$size:rate=30" \
    -f lavfi -i sine=sample_rate=48000 -t 3 -c:v libx264 \
    -preset ultrafast -g 30 -pix_fmt yuv420p -c:a aac "$tmp/clip.flv"
fragment-split <"$tmp/clip.flv" >"$tmp/fragments"
cd "$tmp" || exit 99
made() { [ -z "$(segment-store pending --ladder ladder.yaml "$1")" ]; }

segment-store put early <fragments >/dev/null
example 'segment-store pending' >pending.sh
grep -q parallel pending.sh; ok $? 'the page has the batch pipeline'
bash pending.sh >out 2>err; ok $? 'it runs'
made early; ok $? 'and makes everything'

example 'segment-store watch' >queue.sh
grep -q 'parallel' queue.sh; ok $? 'the page has the live pipeline'
setsid bash queue.sh >out 2>err & pipeline=$!
segment-store put late <fragments >/dev/null
wait_for 30 made late; ok $? 'it makes what arrives'
kill -- -"$pipeline"

cp ladder.yaml new.yaml
sed -i 's/full:/h264-240p:/' new.yaml
example 'playlist-gen --vod' | sed 's/cam1/late/g' >vod.sh
bash vod.sh >out 2>err; ok $? 'one more rendition, and a playlist of it'
is "$(grep -c '^#EXTINF' "$spool/www/late/h264-240p/vod.m3u8")" 3 \
    'lists every second'

cp clip.flv clip.mp4
example ffprobe >probe.sh
bash probe.sh >out 2>err; ok $? 'fragments without a store'
grep -q 'Video: h264' err; ok $? 'are read by ffprobe'
done_testing
