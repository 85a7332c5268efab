#!/bin/sh
# playlist-gen --event, --linger, --from and --to: recordings, ends, clips.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../playlists.sh"

make_store "$tmp/full"

# EVENT: only grows.
grow=$tmp/grow
mkdir -p "$grow/queue" "$grow/src" "$grow/www"
event=$grow/www/cam/aac/event.m3u8
changes=0 unsound=0 i=1
while [ $i -le 20 ]; do
	add $i src h264-180p h264-90p aac
	gen "$grow" --event
	[ "$st" -eq 0 ] || unsound=$st
	[ $i -le 2 ] || "$here/../hls.pl" "$grow/www/cam/event.m3u8" \
	    >"$tmp/err" 2>&1 || unsound=$i
	[ $i -eq 1 ] || { "$here/../hls.pl" "$tmp/old" "$event" >"$tmp/err" &&
		cmp -s -n "$(wc -c <"$tmp/old")" "$tmp/old" "$event"; } ||
		changes=$i
	cp "$event" "$tmp/old"
	i=$((i + 1))
done
is "$unsound" 0 'an EVENT playlist that grows is sound'
is "$changes" 0 'its text only gets longer'
is "$(segments "$event") $(grep -c PLAYLIST-TYPE:EVENT "$event")" '20 1' \
    'and has everything'
is "$(last "$event")" "$(seg 20)" 'without an end'
[ ! -e "$grow/www/cam/main.m3u8" ]; ok $? 'the live playlists are others'

# The end: when nothing came for as long as a publisher may be away.
newest=$grow/src/cam/000002/000000/000000020.mp4
touch -d '59 seconds ago' "$newest"
gen "$grow" --live
live=$grow/www/cam/aac/live.m3u8
is "$(last "$live")" "$(seg 20)" 'a publisher may come back'
touch -d '62 seconds ago' "$newest"
gen "$grow" --live --low-latency --segment 4s
is "$(grep -v RENDITION "$live" | tail -n 1)" '#EXT-X-ENDLIST' \
    'but after --linger there is an end'
is "$(grep -c 'PRELOAD' "$live")" 0 'and no hint'
sound "$grow/www/cam/main.m3u8" 'which is sound'
gen "$grow" --event
is "$(last "$event")" '#EXT-X-ENDLIST' 'of the EVENT playlist, too'
sound "$grow/www/cam/event.m3u8" 'which is sound'
gen "$grow" --live --linger 0s
is "$(last "$live")" "$(seg 20)" '--linger 0s: never'
gen "$grow" --live --linger 5m
is "$(last "$live")" "$(seg 20)" '--linger 5m'

# A fragment that did not come before the end is a GAP; and no open segment.
rm "$grow/www/cam/h264-90p/$(seg 19)" "$grow/www/cam/h264-90p/$(seg 20)"
gen "$grow" --live --linger 60s
is "$(last "$grow/www/cam/h264-90p/live.m3u8") $(grep -c EXT-X-GAP \
    "$grow/www/cam/h264-90p/live.m3u8")" '#EXT-X-ENDLIST 2' \
    'what is missing at the end is a GAP'

# Following: the end comes by itself, and goes when the publisher is back.
rm -rf "$grow/src" "$grow/www"
mkdir -p "$grow/src" "$grow/www"
for i in 1 2 3 4 5 6 7 8 9 10; do add $i src h264-180p aac; done
mkfifo "$tmp/ready"
playlist-gen --spool "$grow" --follow --linger 2s --ready-fd 3 \
    3>"$tmp/ready" 2>"$tmp/follow.err" &
pids=$!
read -r _ <"$tmp/ready"
ended() { [ "$(last "$live")" = '#EXT-X-ENDLIST' ]; }
wait_for 20 ended; ok $? 'a stream ends while it is followed'
add 11 src h264-180p aac
follows() { [ "$(last "$live")" = "$(seg 11)" ]; }
wait_for 20 follows; ok $? 'goes on when its publisher is back'
is "$(sed -n 's/#EXT-X-[A-Z]*-SEQUENCE://p' "$live" | paste -s -d ' ')" \
    '1 0' 'in the same playlist'
kill "$pids"; wait "$pids"; st=$?
is "$st $(cat "$tmp/follow.err")" '0 ' 'quietly'

# Clips.
first=2023-11-14T22:13 second=2023-11-14T22:15
gen "$full" --from ${first}:22.5Z --to ${first}:26Z --print
status_is 0 'a clip'
clip=$full/www/cam/clip-20231114T221322.500Z-20231114T221326.000Z.m3u8
is "$(tail -n 2 "$tmp/out")" "$clip
${clip%.m3u8}.mpd" 'under a name of its own'
sound "$clip" 'is sound'
aac=$full/www/cam/aac/${clip##*/}
is "$(grep -v '^#' "$aac" | paste -s -d ' ')" \
    "$(seg 3) $(seg 4) $(seg 5) $(seg 6)" 'has what falls into the time'
is "$(last "$aac")" '#EXT-X-ENDLIST' 'and an end'
is "$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$aac")" \
    4.010668 'ffprobe: four seconds'
gen "$full" --vod --from ${first}:28Z --to ${second}:23Z --segment 2s
clip=$full/www/cam/clip-20231114T221328.000Z-20231114T221523.000Z.m3u8
sound "$clip" 'a clip over a break, of longer segments'
is "$(grep -v '^#' "$full/www/cam/h264-90p/${clip##*/}" | sed 's,.*/0*,,' |
    paste -s -d ' ')" '7-000000008.m4s 9-000000010.m4s 11.m4s 12-000000013.m4s' \
    'of whole segments where that can be'
rm -rf "$full/src/cam/000001"
gen "$full" --to ${first}:22Z
clip=$full/www/cam/clip-start-20231114T221322.000Z.m3u8
is "$(grep -v '^#' "$full/www/cam/aac/${clip##*/}" | paste -s -d ' ')" \
    "$(seg 1) $(seg 2)" 'without originals: the renditions tell'
gen "$full" --from 2030-01-01T00:00:00Z cam
status_is 66 'a time without anything'
stderr_has "stream 'cam' in that time" 'is said to be'
gen "$full" --from ${first}:28Z --to ${first}:27Z
status_is 64 'a time that ends before it begins'
gen "$full" --live --from -1h
status_is 64 'a live clip'
gen "$full" --from yesterday
status_is 64 'a time in words'
done_testing
