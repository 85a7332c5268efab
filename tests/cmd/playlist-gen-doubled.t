#!/bin/sh
# Two puts raced for a number, and the one that lost was killed before it took
# its fragment back: it is in a newer epoch, with a number that older ones are
# past.  Whatever of it a playlist shows, it shows each number once, and the
# same in all versions.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../playlists.sh"

full=$tmp/full
mkdir -p "$full/queue"
video 320x180 "$tmp/v.mp4"
ffmpeg -v error -nostdin -i "$tmp/v.mp4" -t 1 -c copy \
    -movflags +frag_keyframe+empty_moov+default_base_moof -f mp4 "$tmp/1.mp4"
for r in src h264-180p; do
	store $r 1 1 1700000000123000 "$tmp/v.mp4"
	store $r 2 7 1700000006500000 "$tmp/1.mp4"
	store $r 3 11 1700000012456000 "$tmp/v.mp4"
done

live=$full/www/cam/h264-180p/live.m3u8 vod=$full/www/cam/h264-180p/vod.m3u8
gen() { run /dev/null playlist-gen --spool "$full" "$@"; }
segments() { grep '\.m4s$' "$1"; }

gen --live --window 60s
gen --vod
status_is 0 'a doubled number'
segments "$vod" >"$tmp/all"
is "$(sed -n 7p "$tmp/all")" 000001/000000/000000007.m4s 'the older one'
is "$(sed 's,.*/0*,,' "$tmp/all" | paste -sd ' ')" \
    "$(seq -f %g.m4s 20 | paste -sd ' ')" 'each number once'
is "$(grep -c GAP "$vod")" 0 'and nothing missing'
sound "$full/www/cam/main.m3u8" 'they are sound'

# Windows that begin at, and behind, the doubled one.
bad=
for window in 6 10 11 12 13 14 15 17 20 30; do
	rm -f "$live"
	gen --live --window ${window}s
	segments "$live" >"$tmp/got"
	tail -n "$(wc -l <"$tmp/got")" "$tmp/all" | cmp -s - "$tmp/got" &&
		! grep -q GAP "$live" &&
		"$here/../hls.pl" "$full/www/cam/main.m3u8" \
		    >/dev/null 2>&1 || bad="$bad $window"
done
is "$bad" '' 'a live window, wherever it begins, is the end of that list'

# The loser is the newest there is: a player goes on as if it were not.
rm -r "$full/src/cam/000003" "$full/www/cam/h264-180p/000003"
gen --live --window 20s
segments "$live" >"$tmp/got"
head -n 10 "$tmp/all" | cmp -s - "$tmp/got"
ok $? 'as the newest epoch it hides nothing of the one before'
done_testing
