#!/bin/sh
# playlist-gen --segment: segments of several fragments, and their files.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../playlists.sh"

make_store "$tmp/full"
# A copy: the source has a key frame every two seconds.
ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=64x36:r=25 -t 10 \
    -c:v libx264 -preset ultrafast -bf 0 -g 50 -keyint_min 50 \
    -sc_threshold 0 -pix_fmt yuv420p -frag_duration 1000000 \
    -movflags +empty_moov+default_base_moof -f mp4 "$tmp/c.mp4"
for rendition in src copy; do
	store $rendition 1 1 $t1 "$tmp/c.mp4"
	store $rendition 2 11 $t2 "$tmp/c.mp4"
done

sums() { (cd "$1/www" && find . -type f -exec cksum {} + | LC_ALL=C sort); }
uris() { grep -v '^#' "$1" | sed 's,.*/0*,,; s/-0*/-/; s/\.m4s//' |
	paste -s -d ' '; }
starts() {		# starts PLAYLIST: files that do not start on an IDR
	for uri in $(grep -v '^#' "$1"); do
		[ ! -e "${1%/*}/$uri" ] || cat "${1%/*}/$(sed -n \
		    's/.*MAP:URI="\(.*\)"/\1/p' "$1" | head -n 1)" \
		    "${1%/*}/$uri" >"$tmp/one.mp4"
		ffprobe -v error -select_streams v -show_entries packet=flags \
		    -of csv=p=0 "$tmp/one.mp4" | head -n 1 | grep -q K ||
			echo "$uri"
	done
}

for length in 2 3 4 6; do
	gen "$full" --segment ${length}s --window 60s
	status_is 0 "segments of $length fragments"
	sound "$full/www/cam/main.m3u8" 'are sound'
done
gen "$full" --segment 4s --window 60s --low-latency
sound "$full/www/cam/main.m3u8" 'with parts, too'
live=$full/www/cam/h264-90p/live.m3u8
is "$(uris "$live")" '1-4 5-8 9-10 11-13 14-17 18-20' 'a grid, cut at a break'
is "$(grep -c 'EXT-X-PART:' "$live")" 16 'parts in three target durations'
is "$(uris "$full/www/cam/copy/live.m3u8")" '1-4 5-8 9-10 11-14 15-18 19-20' \
    'a copy: with its key frames'
is "$(starts "$full/www/cam/copy/live.m3u8")" '' 'on which all start'
grep -q INDEPENDENT-SEGMENTS "$full/www/cam/copy/live.m3u8"
ok $? 'which is said'
is "$(grep -c 'PART:.*INDEPENDENT' "$full/www/cam/copy/live.m3u8") $(grep \
    -c 'PART:' "$full/www/cam/copy/live.m3u8")" '8 16' 'not so of its parts'

# The files: the fragments behind one another, whoever writes them.
sums "$full" >"$tmp/before"
find "$full/www" \( -name '*.m3u8' -o -name '*-0*.m4s' \) -delete
gen_thrice --segment 4s --window 60s --low-latency
is "$st" 0 'three at once'
gen "$full" --segment 6s --window 60s	# and others in between
gen "$full" --segment 4s --window 60s --low-latency
grep -v -- '-0.*[^3-9]\.m4s$' "$tmp/before" | grep 'm3u8$' >"$tmp/want"
sums "$full" | grep 'm3u8$' >"$tmp/after"
cmp -s "$tmp/want" "$tmp/after"; ok $? 'the same playlists'
cat "$full/www/cam/aac/000001/000000/"00000000[1-4].m4s >"$tmp/joined"
cmp -s "$tmp/joined" \
    "$full/www/cam/aac/000001/000000/000000001-000000004.m4s"
ok $? 'a file is its fragments'
is "$(find "$full/www" -name '.*' -type f)" '' 'no draft is left'
run /dev/null segment-store verify --spool "$full" --rendition aac cam
status_is 0 'verify does not see them'

# A copy of another rhythm than that of the segments: too long, and said.
gen "$full" --segment 3s --window 60s
stderr_has 'too long' 'key frames that do not fit the segments'
sound "$full/www/cam/main.m3u8" 'are as sound'
is "$(starts "$full/www/cam/copy/live.m3u8" | wc -l)" 2 \
    'start on IDRs but at the ends of epochs'

# As it grows.
grow=$tmp/grow
mkdir -p "$grow/queue" "$grow/src" "$grow/www"
steps=0 changes=0 unsound=0
i=1
while [ $i -le 20 ]; do
	add $i src h264-180p copy aac
	gen "$grow" --low-latency --segment 2s --window 6s --patience 2s
	[ "$st" -eq 0 ] || steps=$st
	[ ! -e "$grow/www/cam/main.m3u8" ] || "$here/../hls.pl" \
	    "$grow/www/cam/main.m3u8" >"$tmp/err" 2>&1 || unsound=$i
	for r in h264-180p copy aac; do
		[ ! -e "$tmp/$r.old" ] || "$here/../hls.pl" "$tmp/$r.old" \
		    "$grow/www/cam/$r/live.m3u8" >>"$tmp/err" || changes=$i
		cp "$grow/www/cam/$r/live.m3u8" "$tmp/$r.old"
	done
	i=$((i + 1))
done
is "$steps" 0 'every step succeeds'
is "$unsound" 0 'and is sound'
is "$changes" 0 'what is listed stays, what is hinted comes next'

# A hole in a segment.
rm -rf "$grow/www" "$grow/src"
for i in 1 2 3 4 5 7 8; do add $i src h264-180p aac; done
add 6 src aac
gen "$grow" --segment 2s --window 60s --patience 2s
live=$grow/www/cam/h264-180p/live.m3u8
is "$(uris "$live")" '1-2 3-4 5-6 7-8' 'a hole makes a GAP of its segment'
is "$(grep -c EXT-X-GAP "$live")" 1 'and of no other'
sound "$grow/www/cam/main.m3u8" 'which is sound'
add 6 h264-180p
gen "$grow" --segment 2s --window 60s --patience 2s
is "$(grep -c EXT-X-GAP "$live")" 0 'the late fragment makes it whole'
sound "$grow/www/cam/main.m3u8" 'soundly'
gen "$grow" --vod --segment 4s
is "$(ffprobe -v error -count_packets -select_streams v:0 \
    -show_entries stream=nb_read_packets -of csv=p=0 \
    "$grow/www/cam/h264-180p/vod.m3u8" | head -n 1)" 200 'the VOD has every picture'

# With the fragments the files go.
find "$grow/www" -name '*.m3u8' -delete
run /dev/null segment-store expire --spool "$grow" --bytes 1 \
    --force cam
is "$(find "$grow/www/cam/aac" -name '0*.m4s' | sed 's,.*/0*,,' | sort)" \
    '7-000000008.m4s
7.m4s
8.m4s' 'expire takes the files of what it removes'

gen "$full" --segment 7s
status_is 64 'segments of 7 s'
gen "$full" --segment 1500ms
status_is 64 'of one and a half'
done_testing
