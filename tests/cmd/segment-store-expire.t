#!/bin/sh
# segment-store expire: what it removes, and what it must not
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL
DAY=86400

# heads STREAM RENDITION EPOCH FIRST-LAST AGE_S [SYNC_EVERY]
heads() { "$here/../heads.pl" "$LIVESPOOL_SPOOL" "$@"; }
# both STREAM EPOCH FIRST-LAST AGE_S [SYNC_EVERY]: originals and a rendition
both() {
	stream=$1; shift
	heads "$stream" src "$@"
	heads "$stream" low "$@"
}
fresh() { rm -rf "$LIVESPOOL_SPOOL"; mkdir -p "$LIVESPOOL_SPOOL/queue"; }
# left STREAM: the numbers of its originals, and of its low rendition
left() {
	(cd "$LIVESPOOL_SPOOL" && find "src/$1" "www/$1/low" -name '*.m[p4][4s]' \
	    ! -name 'init-*' | sed 's:/.*/0*:/:; s/\..*//' | sort -t/ -k1,1 -k2n |
	    paste -sd' ' -)
}
expire() { run /dev/null segment-store expire "$@"; }

cat >"$tmp/ladder.yaml" <<'END'
video:
  low:
    codec: h264
    height: 360
    bitrate: 500k
END

# --- by age
fresh
both cam 1 1-5 $((2 * DAY))
both cam 2 6-8 10
: >"$LIVESPOOL_SPOOL/www/cam/low/none-000001"
: >"$LIVESPOOL_SPOOL/queue/cam+000001+000000001"
: >"$LIVESPOOL_SPOOL/queue/cam+000002+000000006"
expire --age 1d --force --dry-run
status_is 0 'expire --dry-run'
cp "$tmp/out" "$tmp/would"
is "$(left cam)" 'src/1 src/2 src/3 src/4 src/5 src/6 src/7 src/8 www/1 www/2 www/3 www/4 www/5 www/6 www/7 www/8' \
	'removes nothing'
expire --age 1d --force
status_is 0 'expire --age'
stdout_is "$tmp/would" 'prints the lines that --dry-run printed'
is "$(cut -f4,5 "$tmp/out" | tr '\t\n' ': ')" \
	'000000001:src 000000001:low 000000002:src 000000002:low 000000003:src 000000003:low 000000004:src 000000004:low 000000005:src 000000005:low ' \
	'originals and renditions, the oldest first'
is "$(left cam)" 'src/6 src/7 src/8 www/6 www/7 www/8' 'the young stay'
is "$(cd "$LIVESPOOL_SPOOL" && echo src/cam/* www/cam/low/*)" \
	'src/cam/000002 www/cam/low/000002 www/cam/low/init-000002.mp4' \
	'the empty epoch is gone, its init segment and none file with it'
is "$(ls "$LIVESPOOL_SPOOL/queue")" 'cam+000002+000000006' \
	'and the tickets of what is gone'
expire --age 1d --force
status_is 0 'once more'
is "$(cat "$tmp/out")" '' 'removes nothing more'

# --- the newest stays, and numbers go on
fresh
both cam 1 1-3 $((9 * DAY))
both cam 2 4-6 $((8 * DAY))
expire --age 1d --force
is "$(left cam)" 'src/6 www/6' 'of a stream that is over the newest stays'
expire --age 1d --force
is "$(left cam)" 'src/6 www/6' 'for good'
ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=10 -t 3 \
    -c:v libx264 -preset ultrafast -g 10 -video_track_timescale 90000 \
    -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof - |
    "$here/../as-fragments" >"$tmp/three"
run "$tmp/three" segment-store put cam
is "$(cut -f3,4 "$tmp/out" | tr '\t\n' ': ')" \
	'000003:000000007 000003:000000008 000003:000000009 ' \
	'put goes on behind it'

# --- groups
fresh
both cam 1 998-1001 $((2 * DAY))
both cam 1 1999-2003 $((2 * DAY))
both cam 1 2004-2005 10
mkdir -p "$LIVESPOOL_SPOOL/src/cam/000001/000000"
: >"$LIVESPOOL_SPOOL/src/cam/000001/000000/.000000998.mp4.0123456789abcdef"
touch -d '2 days ago' "$LIVESPOOL_SPOOL"/src/cam/000001/000000/.0*
expire --age 1d --force
is "$(left cam)" 'src/2004 src/2005 www/2004 www/2005' 'over several groups'
is "$(cd "$LIVESPOOL_SPOOL" && echo src/cam/*/* www/cam/low/*/*)" \
	'src/cam/000001/000002 www/cam/low/000001/000002' \
	'whose directories go, old dot files too'

# --- what later fragments need
fresh
both cam 1 1-8 $((2 * DAY)) 4
both cam 1 9-12 10 4
touch "$LIVESPOOL_SPOOL/src/cam/000001/000000/000000008.mp4"
expire --age 1d --force
is "$(left cam)" 'src/5 src/6 src/7 src/8 src/9 src/10 src/11 src/12 www/5 www/6 www/7 www/8 www/9 www/10 www/11 www/12' \
	'fragments stay as long as one that depends on them'
fresh
both cam 1 1-4 $((2 * DAY)) 4
expire --age 1d --force
is "$(left cam)" 'src/1 src/2 src/3 src/4 www/1 www/2 www/3 www/4' \
	'so does what the newest depends on'

# --- what is pending
fresh
both cam 1 1-6 $((2 * DAY)) 2
both cam 1 7-7 10
rm "$LIVESPOOL_SPOOL/www/cam/low/000001/000000/000000004.m4s"
expire --age 1d --ladder "$tmp/ladder.yaml"
status_is 0 'expire --ladder'
is "$(left cam)" 'src/3 src/4 src/7 www/3 www/7' \
	'an original that lacks a rendition stays, and what it depends on'
stderr_has '2 fragments stay: they lack renditions' 'which is said'
expire --age 1d --force --ladder "$tmp/ladder.yaml"
is "$(left cam)" 'src/7 www/7' '--force'

# --- some renditions
fresh
both cam 1 1-3 $((2 * DAY))
both cam 1 4-4 10
expire --age 1d -r low
status_is 0 'expire of a rendition needs no ladder'
is "$(left cam)" 'src/1 src/2 src/3 src/4 www/4' 'and leaves originals'
[ -e "$LIVESPOOL_SPOOL/www/cam/low/init-000001.mp4" ]
ok $? 'and the init segment'
expire --age 1d -r src --force
is "$(left cam)" 'src/4 www/4' 'originals alone'

# --- live playlists
fresh
both cam 1 1-30 $((2 * DAY))
both cam 1 31-31 10
playlist() {		# playlist FIRST LAST
	printf '#EXTM3U\n#EXT-X-TARGETDURATION:1\n'
	echo "#EXT-X-MEDIA-SEQUENCE:$1"
	for i in $(seq "$1" "$2"); do
		printf '#EXTINF:1.0,\n000001/000000/%09d.m4s\n' "$i"
	done
}
playlist 21 25 >"$LIVESPOOL_SPOOL/www/cam/low/live.m3u8"
{ playlist 1 31; echo '#EXT-X-PLAYLIST-TYPE:VOD'; } \
    >"$LIVESPOOL_SPOOL/www/cam/low/vod.m3u8"
expire --age 1d --force
is "$(left cam | cut -d' ' -f1-2)" 'src/13 src/14' \
	'what a live playlist lists stays, and its length and three target durations before'
touch -d '2 days ago' "$LIVESPOOL_SPOOL/src/cam/000001/000000/000000031.mp4"
: >"$LIVESPOOL_SPOOL/www/cam/main.m3u8"
expire --age 1d --force
is "$(left cam)" 'src/31 www/31' 'not when the stream is over'
is "$(cd "$LIVESPOOL_SPOOL/www/cam" && echo *.m3u8 low/*.m3u8)" \
	'*.m3u8 low/vod.m3u8' 'then its live playlists go as well'

# --- clocks
fresh
both cam 1 1-1 $((2 * DAY))
both cam 1 2-2 -$((2 * DAY))
both cam 1 3-4 $((2 * DAY))
both cam 1 5-5 10
expire --age 1d --force
is "$(left cam | cut -d' ' -f1)" src/2 'a file from the future stays'

# --- by bytes
fresh
both one 1 1-10 300
both two 1 1-10 200
expire --bytes 30000 --force
is "$(left one), $(left two | wc -w)" \
	'src/6 src/7 src/8 src/9 src/10 www/6 www/7 www/8 www/9 www/10, 20' \
	'by bytes the oldest go, of whatever stream'
expire --bytes 12k --each --force
is "$(left one), $(left two)" \
	'src/6 src/7 src/8 src/9 src/10 www/6 www/7 www/8 www/9 www/10, src/5 src/6 src/7 src/8 src/9 src/10 www/5 www/6 www/7 www/8 www/9 www/10' \
	'--each: so many of each stream'
expire --bytes 1k --keep 250s --force
status_is 1 'too much is left'
is "$(left one | cut -d' ' -f1), $(left two | cut -d' ' -f1)" 'src/10, src/5' \
	'--keep: never what is younger'
stderr_has '13000 bytes too many are left' 'and it is said how much'

# --- by free space
fresh
if mount -t tmpfs -o size=400k tmpfs "$LIVESPOOL_SPOOL" 2>/dev/null; then
	both cam 1 1-40 300
	expire --free 50% --force --dry-run
	would=$(wc -l <"$tmp/out")
	expire --free 50% --force
	status_is 0 'by free space'
	[ "$(df --output=avail -k "$LIVESPOOL_SPOOL" | tail -n1)" -ge 200 ]
	ok $? 'there is so much'
	is "$(wc -l <"$tmp/out")" "$would" 'no more went than was announced'
	expire --free 10G --force
	status_is 1 'more than there is'
	is "$(left cam)" 'src/40 www/40' 'the newest stays'
	umount "$LIVESPOOL_SPOOL"
else
	skip 'mount is not permitted' 'by free space'
fi

# --- only what is listed
fresh
both cam 1 996-1006 $((2 * DAY)) 5
both cam 1 1007-1008 10
segment-store ls cam >"$tmp/src"
segment-store ls -r low cam >"$tmp/low"
listed() { run "$1" segment-store expire --age 1d --force --listed cam; }
listed /dev/null
is "$st $(cat "$tmp/out")" '0 ' 'nothing is listed, and goes'
listed "$tmp/src"
is "$st $(cat "$tmp/out")" '0 ' 'nor by its original alone'
cat "$tmp/src" "$tmp/low" >"$tmp/both"
grep -E '00000(099[6-9]|100[1-8])' "$tmp/both" >"$tmp/list"
listed "$tmp/list"
is "$(left cam)" 'src/996 src/997 src/998 src/999 src/1000 src/1007 src/1008 www/996 www/997 www/998 www/999 www/1000 www/1007 www/1008' \
	'what is listed and old; what one that is not listed needs stays'
listed "$tmp/both"
is "$(left cam)" 'src/1007 src/1008 www/1007 www/1008' \
	'all of it, across directories; the young stay'
listed "$tmp/both"
is "$st $(cat "$tmp/out")" '0 ' 'what is gone already is no error'
echo nonsense >"$tmp/list"
listed "$tmp/list"
status_is 65 'what is no line'

# --- beside a put and another expire
fresh
for i in 1 2 3 4 5; do cat "$tmp/three"; done >"$tmp/fifteen"
segment-store put cam <"$tmp/fifteen" >"$tmp/put"
segment-store put cam <"$tmp/fifteen" >>"$tmp/put" & pid=$!
pids=$pid
: >"$tmp/a"
: >"$tmp/b"
while kill -0 "$pid" 2>/dev/null; do
	segment-store expire --bytes 1 --force -q >>"$tmp/a" 2>/dev/null &
	segment-store expire --bytes 1 --force -q >>"$tmp/b" 2>/dev/null
	wait $!
done
wait "$pid"
ok $? 'put beside two expires'
pids=
is "$(cut -f4 "$tmp/put" | sed 's/^0*//' | paste -sd' ' -)" \
	"$(seq 30 | paste -sd' ' -)" 'no number is left out or twice'
expire --bytes 1 --force
cat "$tmp/out" >>"$tmp/a"
is "$(cat "$tmp/a" "$tmp/b" | cut -f4 | sort | uniq -d)" '' \
	'no line twice by two expires'
is "$(cat "$tmp/a" "$tmp/b" | wc -l) $(find "$LIVESPOOL_SPOOL/src" -name '*.mp4' | wc -l)" \
	'29 1' 'all but the newest went'

# --- the disk is full
full=$tmp/full
mkdir "$full"
if mount -t tmpfs -o size=200k tmpfs "$full" 2>/dev/null; then
	mkdir "$full/queue"
	"$here/../heads.pl" "$full" cam src 1 1-5 10
	dd if=/dev/zero of="$full/more" bs=4k 2>/dev/null
	expire --spool "$full" --free 20% --force
	[ "$(wc -l <"$tmp/out")" -eq 4 ]
	ok $? 'expire makes room on a full disk'
	[ ! -s "$tmp/err" ] || ! grep -q 'No space' "$tmp/err"
	ok $? 'and needs none itself'
	umount "$full"
else
	ok 0 'a full disk # SKIP mount is not permitted'
fi

# --- wrong usage
expire --force
status_is 64 'no limit given'
expire --age 1d
status_is 64 'originals without a ladder'
stderr_has 'give --ladder, or --force' 'says what to do'
expire --age 1 --force
status_is 64 'a time without a unit'
expire --free 100% --force
status_is 64 'all of the disk'
expire --age 1d --force nosuch
status_is 66 'a stream that is not there'
expire --help
stdout_has 'usage: segment-store expire' '--help'
done_testing
