#!/bin/sh
# playlist-gen --low-latency: parts, hints and reports, as a stream grows.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../playlists.sh"

make_store "$tmp/full"

gen "$full" --low-latency
status_is 0 'a whole store with parts'
sound "$full/www/cam/main.m3u8" 'is sound'
live=$full/www/cam/h264-90p/live.m3u8
is "$(sed -n 2,5p "$live")" '#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.151000,HOLD-BACK=3.151000,CAN-SKIP-UNTIL=6.000000
#EXT-X-PART-INF:PART-TARGET=1.050000' 'what the origin promises'
is "$(grep -c EXT-X-PART: "$live")" 4 'parts in three target durations'
is "$(grep -B1 -A2 EXT-X-PART: "$live" | tail -n 4)" \
"#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:15:29.456Z
#EXT-X-PART:DURATION=1.000000,URI=\"$(seg 20)\",INDEPENDENT=YES
#EXTINF:1.000000,
$(seg 20)" 'a part and its segment'
is "$(grep -c PRELOAD-HINT "$live")" 0 'no hint: the publication has ended'
is "$(grep REPORT "$live")" \
'#EXT-X-RENDITION-REPORT:URI="../aac/live.m3u8",LAST-MSN=20,LAST-PART=0
#EXT-X-RENDITION-REPORT:URI="../h264-180p/live.m3u8",LAST-MSN=20,LAST-PART=0' \
    'a report of each other playlist'
gen "$full" --live
is "$(grep -c 'PART\|SERVER\|REPORT\|HINT' "$live")" 0 'nothing of it without'

# A stream as it grows, over a break.
grow=$tmp/grow
mkdir -p "$grow/queue" "$grow/src" "$grow/www"
steps=0 changes=0 unsound=0
i=1
while [ $i -le 20 ]; do
	add $i src h264-180p h264-90p aac
	gen "$grow" --low-latency --window 6s --patience 2s
	[ "$st" -eq 0 ] || steps=$st
	[ $i -le 2 ] || "$here/../hls.pl" "$grow/www/cam/main.m3u8" \
	    >"$tmp/err" 2>&1 || unsound=$i
	for r in h264-180p h264-90p aac; do
		[ ! -e "$tmp/$r.old" ] || "$here/../hls.pl" "$tmp/$r.old" \
		    "$grow/www/cam/$r/live.m3u8" >>"$tmp/err" || changes=$i
		cp "$grow/www/cam/$r/live.m3u8" "$tmp/$r.old"
	done
	hint=$(sed -n 's/.*PRELOAD-HINT.*URI="\(.*\)"/\1/p' "$tmp/aac.old")
	case $i in
	10|20) [ -z "$hint" ] || changes="hint at $i" ;;
	*) [ "$hint" = "$(seg $((i + 1)))" ] || changes="hint at $i" ;;
	esac
	i=$((i + 1))
done
is "$steps" 0 'every step succeeds'
is "$unsound" 0 'and is sound'
is "$changes" 0 'what is listed stays, what is hinted comes next'

# A rendition that is late: its own next part is hinted, others go on.
rm -rf "$grow/www" "$grow/src"
for i in 1 2 3 4 5 6 7 8; do add $i src h264-180p h264-90p aac; done
add 9 src h264-180p aac
gen "$grow" --low-latency --window 6s --patience 2s
live=$grow/www/cam/h264-90p/live.m3u8
is "$(sed -n 's/.*PRELOAD-HINT.*URI="\(.*\)"/\1/p' "$live")" "$(seg 9)" \
    'a late part is hinted'
grep -q '90p/live.m3u8",LAST-MSN=8' "$grow/www/cam/aac/live.m3u8"
ok $? 'the others report it so'
add 10 src h264-180p h264-90p aac
add 11 src h264-180p h264-90p aac
gen "$grow" --low-latency --window 6s --patience 2s
is "$(grep -A3 EXT-X-GAP "$live")" "#EXT-X-GAP
#EXT-X-PART:DURATION=1.000000,URI=\"$(seg 9)\",GAP=YES
#EXTINF:1.000000,
$(seg 9)" 'then it is a GAP, its part too'
sound "$grow/www/cam/main.m3u8" 'and that is sound'

# A fragment that is longer than a part may be is a segment without parts.
gen "$grow" --low-latency --part-target 999ms
status_is 0 'fragments longer than parts'
is "$(grep -c EXT-X-PART: "$grow/www/cam/h264-180p/live.m3u8")" 0 \
    'are no parts'
is "$(grep -c EXTINF "$grow/www/cam/h264-180p/live.m3u8")" 11 'but segments'

gen "$full" --vod --low-latency
status_is 64 'a VOD has no low latency'
gen "$full" --low-latency --part-target 1
status_is 64 'a time without a unit'
done_testing
