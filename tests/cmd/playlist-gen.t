#!/bin/sh
# playlist-gen over stores made by hand: windows, breaks, holes, restarts.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../playlists.sh"
. "$here/../serve.sh"

make_store "$tmp/full"
is "$(find "$full" -name '*.m4s' | wc -l)" 60 'a store of 60 segments'

lists() { (cd "$1/www" && find . -name '*.m3u8' | LC_ALL=C sort); }
sums() { (cd "$1/www" && find . -name '*.m3u8' -exec cksum {} + | sort); }

# Everything at once.
gen "$full" --print
status_is 0 'live playlists of a whole store'
is "$(LC_ALL=C sort "$tmp/out")" "$full/www/cam/aac/live.m3u8
$full/www/cam/h264-180p/live-iframes.m3u8
$full/www/cam/h264-180p/live.m3u8
$full/www/cam/h264-90p/live-iframes.m3u8
$full/www/cam/h264-90p/live.m3u8
$full/www/cam/main.m3u8
$full/www/cam/main.mpd" 'prints what it wrote'
is "$(tail -n 2 "$tmp/out" | head -n 1)" "$full/www/cam/main.m3u8" \
    'main.m3u8 behind what it names'
sound "$full/www/cam/main.m3u8" 'they are sound'
main=$full/www/cam/main.m3u8
is "$(grep -A1 STREAM-INF "$main" | grep -v '^#')" 'h264-90p/live.m3u8
h264-180p/live.m3u8' 'variants by height'
grep -q 'CODECS="avc1\.[0-9a-f]\{6\},mp4a\.40\.2".*RESOLUTION=320x180,FRAME-RATE=25\.000,AUDIO="aac"' "$main"
ok $? 'codecs, size and frame rate of the 180p variant'
grep -q 'RESOLUTION=192x108' "$main"
ok $? 'the size is that of the newest epoch'
grep -q 'TYPE=AUDIO,GROUP-ID="aac".*CHANNELS="2"' "$main"
ok $? 'the audio group'
live=$full/www/cam/h264-90p/live.m3u8
is "$(grep -A3 DISCONTINUITY$ "$live")" "#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"init-000002.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:15:20.456Z
#EXTINF:1.000000," 'a new epoch: break, map, date'

# I-frames: an init segment and a range are a picture.
iframes=${live%/*}/live-iframes.m3u8
is "$(grep -c BYTERANGE "$iframes") $(grep -c I-FRAME-STREAM-INF "$main")" \
    '20 2' 'an I-frame of each fragment, a list of each size'
perl -ne 'chomp; $map = $1 if /MAP:URI="(.*)"/;
    ($n, $at) = ($1, $2) if /BYTERANGE:(\d+)@(\d+)/;
    next if /^#/; print "$map $_ $at $n\n"' "$iframes" >"$tmp/ranges"
bad=0
while read -r map file at size; do
	{ cat "${live%/*}/$map"
	tail -c +$((at + 1)) "${live%/*}/$file" | head -c "$size"; } \
	    >"$tmp/picture.mp4"
	[ "$(ffprobe -v error -show_entries frame=pict_type -of csv=p=0 \
	    "$tmp/picture.mp4" 2>/dev/null | cut -c1)" = I ] || bad=$((bad + 1))
done <<EOT
$(sed -n '1p;9,12p;20p' "$tmp/ranges")
EOT
is $bad 0 'ffprobe: each is an I-frame'
run /dev/null playlist-gen --check "$full/www/cam"
status_is 0 'which playlist-gen --check finds right'
stdout_is /dev/null 'all of it'

# Measured bandwidth: the heaviest second, by its files' sizes.
want=$(find "$full/www/cam/h264-180p/000001" "$full/www/cam/h264-180p/000002" \
    -name '*.m4s' -printf '%s\n' | sort -n | tail -n 1)
video_only=$tmp/video-only
mkdir -p "$video_only/www/cam"
cp -al "$full/src" "$video_only/src"
cp -al "$full/www/cam/h264-180p" "$video_only/www/cam/"
rm "$video_only/www/cam/h264-180p/live.m3u8"
gen "$video_only" --live
got=$(sed -n 's/.*X-STREAM-INF:BANDWIDTH=\([0-9]*\),.*/\1/p' \
    "$video_only/www/cam/main.m3u8")
is "$got" $((want * 8)) 'BANDWIDTH is the peak of the segments'
grep -q AUDIO "$video_only/www/cam/main.m3u8"
is $? 1 'video alone has no audio group'

# A pure function of the store.
sums "$full" >"$tmp/before"
gen "$full" --print
stdout_is /dev/null 'nothing new: nothing is written'
find "$full/www" -name '*.m3u8' -delete
gen "$full" --live
sums "$full" >"$tmp/after"
cmp -s "$tmp/before" "$tmp/after"
ok $? 'deleted and made again: the same bytes'

# A stream as it grows, a second at a time, in a small window.
grow=$tmp/grow
mkdir -p "$grow/queue" "$grow/src" "$grow/www"
step() { gen "$grow" --window 6s --patience 2s; [ "$st" -eq 0 ] || steps=$st; }
steps=0 changes=0 unsound=0
: >"$tmp/numbers"
i=1
while [ $i -le 20 ]; do
	add $i src h264-180p h264-90p aac
	step
	if [ $i -le 2 ]; then
		[ ! -e "$grow/www/cam/main.m3u8" ] || unsound="main at $i"
	else
		"$here/../hls.pl" "$grow/www/cam/main.m3u8" >"$tmp/err" ||
			unsound=$i
	fi
	for r in h264-180p h264-90p aac; do
		[ ! -e "$tmp/$r.old" ] || "$here/../hls.pl" "$tmp/$r.old" \
		    "$grow/www/cam/$r/live.m3u8" >>"$tmp/err" || changes=$i
		cp "$grow/www/cam/$r/live.m3u8" "$tmp/$r.old"
	done
	sed -n 's/#EXT-X-[A-Z]*-SEQUENCE://p' "$tmp/aac.old" |
		paste -s -d ' ' >>"$tmp/numbers"
	i=$((i + 1))
done
is "$steps" 0 'every step succeeds'
is "$unsound" 0 'at every step the playlists are sound, main from the third on'
is "$changes" 0 'what stays listed never changes'
is "$(uniq "$tmp/numbers" | tail -n 3)" '11 0
12 1
13 1' 'the break is counted when its segment has left'
is "$(segments "$tmp/aac.old")" 8 'a window of 6 s, and 2 s of patience'

# A hole: waited for, then a GAP, then filled.
rm -rf "$grow/www" "$grow/src"
for i in 1 2 3 4 5 6 7; do add $i src h264-180p h264-90p aac; done
add 8 src h264-180p aac
step
hole=$grow/www/cam/h264-90p/live.m3u8
is "$(last "$hole")" "$(seg 7)" 'a young hole: the list waits before it'
is "$(last "$grow/www/cam/aac/live.m3u8")" "$(seg 8)" 'others do not'
add 9 src h264-180p h264-90p aac
step
is "$(last "$hole")" "$(seg 7)" 'still within patience'
add 10 src h264-180p h264-90p aac
step
is "$(last "$hole")" "$(seg 10)" 'patience is over: the list goes on'
is "$(grep -A2 EXT-X-GAP "$hole" | tail -n 1)" "$(seg 8)" 'with a GAP'
sound "$grow/www/cam/main.m3u8" 'and is sound'
add 8 h264-90p
step
is "$(grep -c EXT-X-GAP "$hole")" 0 'the late rendition takes its place'
add 11 src h264-180p aac
mkdir -p "$grow/www/cam/h264-90p"
: >"$grow/www/cam/h264-90p/none-000002"
step
is "$(last "$hole")" "$(seg 11)" 'a rendition that will never be is no wait'
is "$(grep -c EXT-X-GAP "$hole")" 1 'but a GAP'
rm "$grow/www/cam/h264-90p/none-000002"

# A rendition that has nothing in the window is no variant.
for i in 12 13 14 15 16 17 18 19 20; do add $i src h264-180p aac; done
step
sound "$grow/www/cam/main.m3u8" 'a rendition stopped: the rest is sound'
grep -q h264-90p "$grow/www/cam/main.m3u8"
is $? 1 'and it is no variant'
is "$(last "$hole")" "$(seg 18)" 'its own list goes on, with GAPs'

# Files that are gone or damaged.
rm "$grow/www/cam"/*/"$(seg 17)" "$grow/src/cam/000002/000000/000000017.mp4"
printf junk >"$grow/www/cam/aac/$(seg 16)"
step
is "$steps" 0 'a lost fragment and a damaged one'
stderr_has 'fragment' 'the damaged one is named'
is "$(grep -A2 GAP "$grow/www/cam/aac/live.m3u8" | grep -c m4s)" 2 \
    'both are GAPs'
is "$(sed -n 's/.*MEDIA-SEQUENCE://p' "$grow/www/cam/aac/live.m3u8")" \
    "$(sed -n 's/.*MEDIA-SEQUENCE://p' "$grow/www/cam/h264-180p/live.m3u8")" \
    'numbers stay those of the fragments'

# VOD.
gen "$full" --vod --print
status_is 0 'VOD playlists'
is "$(lists "$full" | grep -c vod)" 6 'six of them'
sound "$full/www/cam/vod.m3u8" 'they are sound'
vod=$full/www/cam/h264-90p/vod.m3u8
is "$(segments "$vod") $(last "$vod")" '20 #EXT-X-ENDLIST' 'with everything'
is "$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$vod")" \
    20.000000 'ffprobe: twenty seconds'
frames=$(ffprobe -v error -count_packets -select_streams v:0 \
    -show_entries stream=nb_read_packets -of csv=p=0 \
    "$full/www/cam/h264-180p/vod.m3u8" | head -n 1)
is "$frames" 500 'and every picture'
cmp -s "$main" "$full/www/cam/main.m3u8"
ok $? 'main.m3u8 is the live one still'

# Through the origin, decoded.
serve "$full"
url=$url/cam
# Not the 90p one: ffmpeg 5.1 keeps the first init segment when the picture
# size changes.
ffmpeg -v error -nostdin -xerror -i "$url/vod.m3u8" -map 0:v:1 -map 0:a:0 \
    -f null - 2>"$tmp/err"
st=$?
is "$st $(cat "$tmp/err")" '0 ' 'ffmpeg plays the VOD over HTTP'
ffmpeg -v error -nostdin -xerror -live_start_index 0 -i "$url/main.m3u8" \
    -t 5 -f null - 2>"$tmp/err"
st=$?
is "$st $(cat "$tmp/err")" '0 ' 'and the live playlist'

# Following.
rm -rf "$grow/www" "$grow/src"
mkdir -p "$grow/src" "$grow/www"
for i in 1 2 3; do add $i src h264-180p aac; done
mkfifo "$tmp/ready2"
playlist-gen --spool "$grow" --follow --print --ready-fd 3 3>"$tmp/ready2" \
    >"$tmp/follow" 2>"$tmp/follow.err" &
follower=$!
pids="$pids $follower"
read -r _ <"$tmp/ready2"
[ -s "$grow/www/cam/main.m3u8" ]
ok $? 'ready when the playlists are there'
follows() { [ "$(last "$grow/www/cam/aac/live.m3u8")" = "$(seg "$1")" ]; }
add 4 src h264-180p aac
: >"$grow/queue/cam+000001+000000004"
wait_for 20 follows 4; ok $? 'a ticket comes: the list follows'
add 5 src h264-180p aac
wait_for 20 follows 5; ok $? 'without a ticket too'
add 6 h264-180p aac
rm "$grow/queue/cam+000001+000000004"
wait_for 20 follows 6; ok $? 'a ticket goes: the list follows'
rm "$grow/www/cam/main.m3u8"
add 7 src h264-180p aac
wait_for 20 test -s "$grow/www/cam/main.m3u8"
ok $? 'a deleted playlist comes back'
for rendition in src h264-180p; do
	"$here/../mkstore.pl" "$tmp/new" other "$rendition" 1 1 $t1 \
	    "$tmp/v.mp4"
done
mv "$tmp/new/www/other" "$grow/www"
mv "$tmp/new/src/other" "$grow/src"
wait_for 20 test -s "$grow/www/other/main.m3u8"
ok $? 'a new stream is found'
kill -TERM "$follower"
st=0; wait "$follower" || st=$?
is "$st" 0 'SIGTERM: status 0'
is "$(cat "$tmp/follow.err")" '' 'nothing on standard error'
sums "$grow" >"$tmp/before"
gen "$grow" --live
sums "$grow" >"$tmp/after"
cmp -s "$tmp/before" "$tmp/after"
ok $? 'what it kept in memory changed nothing'

# HDR that no colr tells of: a copy of what a publisher sends.
hdr=$tmp/hdr
mkdir -p "$hdr/queue"
bright() {		# bright NAME TRANSFER FORMAT CODEC...
	bright_name=$1; bright_file=$tmp/$1.mp4; shift
	# shellcheck disable=SC2086
	ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=128x96:r=5 -t 3 \
	    -color_trc "$1" -color_primaries bt2020 -colorspace bt2020nc \
	    -pix_fmt "$2" -g 5 -keyint_min 5 -c:v "$3" -preset $4 \
	    $frag "$bright_file" 2>"$tmp/err" >&2 &&
	    perl -0pi -e 's/colr/free/' "$bright_file" &&
	    for bright_row in src "$bright_name"; do
		"$here/../mkstore.pl" "$hdr" "$bright_name" "$bright_row" 1 1 \
		    $t1 "$bright_file"
	    done
}
export SVT_LOG=1
bright avc smpte2084 yuv420p libx264 ultrafast
bright hevc arib-std-b67 yuv420p10le libx265 'ultrafast -tag:v hvc1'
bright av1 smpte2084 yuv420p10le libsvtav1 12
gen "$hdr" --vod
for name in avc:PQ hevc:HLG av1:PQ; do
	is "$(grep -o 'VIDEO-RANGE=[A-Z]*' "$hdr/www/${name%:*}/vod.m3u8" |
	    sort -u)" "VIDEO-RANGE=${name#*:}" "without colr: $name"
done

# What is refused.
gen "$full" --segment 1s
status_is 0 '--segment 1s is one fragment'
gen "$full" --segment 4
status_is 64 'a time without a unit'
gen "$full" --window 1s
status_is 64 'a window below six seconds'
gen "$full" --vod --follow
status_is 64 '--follow is for live'
gen "$full" ../cam
status_is 64 'a bad stream name'
gen "$full" nosuch
status_is 66 'a stream that is not there'
stderr_has "'nosuch'" 'is named'
gen "$full" cam
status_is 0 'one that is'
gen "$tmp/nospool" --live
status_is 66 'a spool that is not there'
run /dev/null env -u LIVESPOOL_SPOOL playlist-gen
status_is 64 'no spool is wrong usage'
done_testing
