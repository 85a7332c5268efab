#!/bin/sh
# segment-store ls, get, pending: which fragments are meant
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL

# 4000 seconds up to 22:00:00, a new epoch every 1500
now=$(date -ud 2026-11-22T22:00:00Z +%s)
perl "$here/../store.pl" "$tmp/spool" cam 4000 "${now}000000" 1500 ||
	{ echo 'Bail out! no store'; exit 99; }

# range: "first..last count" of what was printed
range() {
	awk -F '\t' 'NR == 1 { a = $4 + 0 } { b = $4 + 0 }
	    END { print NR ? a ".." b " " NR : "none" }' "$tmp/out"
}
ls_is() {		# ls_is WANT NAME OPTION...
	want=$1 name=$2; shift 2
	run /dev/null segment-store ls cam "$@"
	is "$(range)" "$want" "$name"
}

# --- epochs and numbers
ls_is '1..4000 4000' 'all'
ls_is '1501..3000 1500' '--epoch' --epoch 2
ls_is '1600..1700 101' '--epoch with --seq' --epoch 2 --seq 1600-1700
ls_is none 'an epoch without the numbers' --epoch 3 --seq 1600-1700
ls_is none 'no such epoch' --epoch 9
ls_is '1400..1600 201' '--seq over two epochs' --seq 1400-1600
ls_is '1000..3000 2001' '--seq over three groups of three epochs' --seq 1000-3000

# --- times
ls_is '3941..4000 60' '--from' --from 2026-11-22T21:59:01Z
ls_is '3940..4000 61' 'a second earlier' --from 2026-11-22T21:59:00Z
ls_is '3941..4000 60' 'between two' --from 2026-11-22T21:59:00.5Z
ls_is '1..3939 3939' '--to leaves out what arrived then' \
	--to 2026-11-22T21:59:00Z
ls_is '3880..3939 60' 'a minute' --from 2026-11-22T21:58:00Z \
	--to 2026-11-22T21:59:00Z
ls_is '3880..3939 60' 'with another offset' --from 2026-11-22T23:58:00+02:00 \
	--to 2026-11-22T17:59:00-04:00
ls_is '3880..3939 60' 'in seconds' --from @$((now - 120)) --to @$((now - 60))
ls_is '3880..3899 20' 'with --seq' --from @$((now - 120)) --seq 1-3899
ls_is '1441..1560 120' 'over two epochs' --from @$((now - 2559)) \
	--to @$((now - 2439))
ls_is '1501..1560 60' 'in one of them' --from @$((now - 2559)) \
	--to @$((now - 2439)) --epoch 2
ls_is '1..4000 4000' 'from before the first' --from 1970-01-01T00:00:00Z
ls_is none 'to before the first' --to 2020-02-29T12:00:00Z
ls_is none 'from behind the last' --from @$((now + 1))
ls_is '4000..4000 1' 'from the last' --from @"$now"
ls_is none 'in one second, none' --from @$((now - 60)).2 --to @$((now - 60)).8

perl "$here/../store.pl" "$tmp/spool" young 100 "$(date +%s)000000"
run /dev/null segment-store ls young --from -20.5s
is "$(tail -n1 "$tmp/out" | cut -f4)" 000000100 '--from -20s'
[ "$(wc -l <"$tmp/out")" -le 21 ] && [ "$(wc -l <"$tmp/out")" -gt 1 ]
ok $? 'is the last of it'
run /dev/null segment-store ls young --to -1h
is "$(range)" none '--to -1h'

# --- gaps: whole epochs, groups and fragments have gone
rm -r "$tmp/spool/src/cam/000002"
mkdir "$tmp/spool/src/cam/000002"
rm -r "$tmp/spool/src/cam/000003/000003/0000031"*
ls_is '1441..1500 60' 'an epoch that is empty' --from @$((now - 2559)) \
	--to @$((now - 2439))
ls_is '3090..3219 30' 'a gap' --from @$((now - 910)) --to @$((now - 780))
ls_is '3201..3219 19' 'from inside a gap' --from @$((now - 799)) \
	--to @$((now - 780))
ls_is '3080..3099 20' 'to inside a gap' --from @$((now - 920)) \
	--to @$((now - 830))

for seq in 1 1000 3001 3500 4000; do
	: >"$(printf '%s' "$tmp"/spool/src/cam/*/*/*"$(printf %09d $seq)".mp4)"
done
ls_is '3080..3099 20' 'damaged files do not lead astray' \
	--from @$((now - 920)) --to @$((now - 830))

# --- the cost: few heads are read, though there are thousands
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	run /dev/null env ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat -o "$tmp/trace" \
	    segment-store ls cam --from @$((now - 9)) --seq 1-3999
	is "$(range)" '3991..3999 9' 'ten seconds'
	[ "$(grep -c '\.mp4' "$tmp/trace")" -le 40 ]
	ok $? 'read few files'
else
	skip 'no strace' 'few files are read'
fi

# --- get
ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=10 -t 5 \
	-c:v libx264 -preset ultrafast -g 10 -keyint_min 10 -sc_threshold 0 \
	-video_track_timescale 90000 -f mp4 \
	-movflags frag_keyframe+empty_moov+default_base_moof - |
	"$here/../as-fragments" >"$tmp/five"
for i in 1 2; do segment-store put tv <"$tmp/five" >/dev/null; done
run /dev/null segment-store get tv --from -1h
status_is 65 'get over two epochs'
stderr_has 'give --epoch; these are 1 (--seq 1-5), 2 (--seq 6-10)' \
	'says which, and how to pick'
segment-store get tv --from -1h --epoch 2 >"$tmp/got.mp4"
is "$(ffprobe -v error -show_entries packet=pts_time -of csv=p=0 \
	"$tmp/got.mp4" | wc -l)" 50 'get of one'
run /dev/null segment-store get tv --to -1h
status_is 66 'get of a time when there was nothing'

# --- wrong usage
for bad in yesterday 2026-11-22 2026-11-22T22:00:00 2026-13-01T00:00:00Z \
    2026-02-30T00:00:00Z 2026-11-22T24:00:00Z 2026-11-22T22:00:00Zz @ @-1 \
    @1e9 -2 - -2y +2h 1969-12-31T23:59:59Z 2026-11-22T22:00:00.Z; do
	run /dev/null segment-store ls cam --from "$bad"
	status_is 64 "--from $bad"
done
stderr_has "--from: bad value '2026-11-22T22:00:00.Z': want a time like" \
	'is told what to write'
run /dev/null segment-store ls cam --from -1h --to -2h
status_is 64 'a range that goes backwards'
run /dev/null segment-store ls cam --epoch 0
status_is 64 'no epoch 0'
done_testing
