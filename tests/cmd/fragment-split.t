#!/bin/sh
# fragment-split: real streams, told by ffprobe and by tests/fragments.pl,
# which read the output on their own.
here=${0%/*}
. "$here/../tap.sh"

fragments() { perl "$here/../fragments.pl" "$@"; }
flv() { perl "$here/../flv.pl" "$@"; }

# clip NAME SECONDS RATE GOP BFRAMES: video and audio as RTMP publishers send
clip() {
	ffmpeg -nostdin -v error -f lavfi -i "testsrc2=size=160x120:rate=$3" \
	    -f lavfi -i sine=sample_rate=44100 -t "$2" -c:v libx264 \
	    -preset ultrafast -g "$4" -keyint_min "$4" -bf "$5" \
	    -sc_threshold 0 -pix_fmt yuv420p -c:a aac -b:a 64k -f flv \
	    "$tmp/$1.flv" || exit 99
}

# packets v|a FILE: presentation time and hash of each packet of a kind
packets() {
	ffprobe -v error -select_streams "$1" -show_entries \
	    packet=pts_time,data_hash -show_data_hash md5 -of csv=p=0 "$2"
}

# all_frames NAME: each frame of NAME.flv is in NAME.mp4, once, in its place
all_frames() {
	packets v "$tmp/$1.flv" >"$tmp/want"
	packets v "$tmp/$1.mp4" >"$tmp/got"
	cmp -s "$tmp/want" "$tmp/got"
	ok $? "$1: every picture once, same bytes, same time"
	packets a "$tmp/$1.flv" | cut -d, -f2 >"$tmp/want"
	packets a "$tmp/$1.mp4" | cut -d, -f2 >"$tmp/got"
	cmp -s "$tmp/want" "$tmp/got"
	ok $? "$1: every audio frame once, same bytes"
}

# contiguous NAME: intervals and decode times of each track have no holes
contiguous() {
	awk '{ if (NR > 1 && $6 != end) bad = "interval of fragment " NR
	    end = $7
	    for (i = 9; i <= NF; i++) {
		split($i, t, ":")
		if (t[1] in next_dts && next_dts[t[1]] != t[2])
			bad = "tfdt of track " t[1] " in fragment " NR
		next_dts[t[1]] = t[2] + t[4]
	    } }
	    END { if (bad) print "# " bad; exit bad != "" || NR == 0 }' \
	    "$tmp/$1.txt"
	ok $? "$1: intervals and decode times are contiguous"
}

# lengths NAME TICKS TOLERANCE: of all fragments but the last, by track 1
lengths() {
	awk -v want="$2" -v off="$3" '{ split($9, t, ":"); ticks[NR] = t[4] }
	    END { for (i = 1; i < NR; i++)
		if (ticks[i] < want - off || ticks[i] > want + off) {
			print "# fragment " i ": " ticks[i]; exit 1
		} }' "$tmp/$1.txt"
	ok $? "$1: fragments last $2 ticks, give or take $3"
}

# decodes NAME: each fragment that starts on a keyframe, alone
decodes() {
	rm -f "$tmp"/one.*
	fragments -o "$tmp/one" <"$tmp/$1.mp4" >/dev/null
	bad=0 i=0
	while read -r _ _ flags _; do
		if [ $((flags & 1)) -eq 0 ]; then
			ffmpeg -nostdin -v error -xerror -i "$tmp/one.$i" \
			    -f null - >"$tmp/err" 2>&1 </dev/null || bad=1
			[ ! -s "$tmp/err" ] || bad=1
		fi
		i=$((i + 1))
	done <"$tmp/$1.txt"
	[ "$i" -gt 0 ] && [ "$bad" -eq 0 ]
	ok $? "$1: fragments that start on a keyframe decode alone"
}

# split NAME [OPTION...]: NAME.flv to NAME.mp4, listed in NAME.txt
split() {
	name=$1; shift
	run "$tmp/$name.flv" fragment-split --no-wallclock "$@"
	cp "$tmp/out" "$tmp/$name.mp4"
	fragments <"$tmp/$name.mp4" >"$tmp/$name.txt"
	ok $? "$name: what comes out are fragments"
}

# flags_of NAME: FLAGS:BACK of each fragment
flags_of() {
	awk '{ printf "%s%d:%d", (NR > 1 ? " " : ""), $3, $4 }' "$tmp/$1.txt"
}

clip gop1 4 30 30 0
split gop1
status_is 0 'a keyframe each second'
is "$(cat "$tmp/err")" '' 'nothing to say'
is "$(flags_of gop1)" '2:0 0:0 0:0 4:0' 'all fragments are independent'
all_frames gop1; contiguous gop1; lengths gop1 90000 0; decodes gop1

clip gop2 5 30 60 2
split gop2
status_is 0 'a keyframe each two seconds, B-frames'
is "$(flags_of gop2)" '2:0 1:1 0:0 1:1 4:0' 'every other one is dependent'
all_frames gop2; contiguous gop2; lengths gop2 90000 0; decodes gop2

clip gop250 11 30 250 2
split gop250
is "$(flags_of gop250)" \
    '2:0 1:1 1:2 1:3 1:4 1:5 1:6 1:7 1:8 1:1 5:2' \
    'one keyframe in 8.33 s: each fragment knows how far back it is'
all_frames gop250; contiguous gop250; lengths gop250 90000 0; decodes gop250

clip ntsc 5 30000/1001 60 2
split ntsc
all_frames ntsc; contiguous ntsc; lengths ntsc 90000 3060; decodes ntsc

split gop250 --cut keyframe
is "$(flags_of gop250)" '2:0 4:0' '--cut keyframe: at keyframes only'
all_frames gop250; contiguous gop250; decodes gop250

split gop2 --duration 500ms
lengths gop2 45000 0; all_frames gop2; contiguous gop2
is "$(wc -l <"$tmp/gop2.txt")" 10 '--duration 500ms: twice as many'

ffmpeg -nostdin -v error -i "$tmp/gop2.flv" -an -c copy "$tmp/video.flv"
split video
status_is 0 'video alone'
is "$(flags_of video)" '2:0 1:1 0:0 1:1 4:0' 'video alone: the same cuts'
all_frames video; contiguous video; decodes video

ffmpeg -nostdin -v error -i "$tmp/gop2.flv" -vn -c copy "$tmp/audio.flv"
split audio
status_is 0 'audio alone'
all_frames audio; contiguous audio; decodes audio; lengths audio 44100 1024
is "$(awk '{ split($9, t, ":"); n += t[3]; ticks += t[4] }
    END { print ticks / n }' "$tmp/audio.txt")" 1024 \
    'audio alone: each frame lasts 1024 samples'

# Time.  The same stream, begun a second before each place where a counter
# may wrap: the same fragments, moved.
split gop2
for start in 16776216 2147482648 4294966296; do
	flv -s $start <"$tmp/gop2.flv" >"$tmp/wrap.flv"
	split wrap
	awk -v ms=$start '{ d = ms * 90
	    printf "%d %d %d:%d\n", $3, $4, $6 - d, $7 - d }' \
	    "$tmp/wrap.txt" >"$tmp/got"
	awk '{ printf "%d %d %d:%d\n", $3, $4, $6, $7 }' \
	    "$tmp/gop2.txt" >"$tmp/want"
	cmp -s "$tmp/want" "$tmp/got"
	ok $? "from $start ms: same fragments"
	contiguous wrap
	packets v "$tmp/wrap.mp4" | cut -d, -f2 >"$tmp/got"
	packets v "$tmp/gop2.mp4" | cut -d, -f2 >"$tmp/want"
	cmp -s "$tmp/want" "$tmp/got"
	ok $? "from $start ms: every picture once"
done

flv -r <"$tmp/gop2.flv" >"$tmp/headers.flv"
split headers
cmp -s "$tmp/headers.mp4" "$tmp/gop2.mp4"
ok $? 'repeated sequence headers change nothing'

flv -k <"$tmp/gop2.flv" >"$tmp/lie.flv"
split lie
cmp -s "$tmp/lie.mp4" "$tmp/gop2.mp4"
ok $? 'a keyframe is what has an IDR picture, whatever its tag says'

flv -f 2000 -s 60000 <"$tmp/gop2.flv" >"$tmp/jump.flv"
split jump
is "$(flags_of jump)" '2:0 1:1 2:0 1:1 4:0' 'a minute forward: another epoch'
is "$(awk 'NR == 3 { print $6 }' "$tmp/jump.txt")" $((62067 * 90)) \
    'it begins where the stream says'

flv -f 2000 -s -1900 <"$tmp/gop2.flv" >"$tmp/back.flv"
split back
is "$(flags_of back)" '2:0 1:1 2:0 1:1 4:0' '1.9 s back: another epoch'

flv -f 2000 -s -200 <"$tmp/gop2.flv" >"$tmp/nudge.flv"
split nudge
is "$(awk '$3 % 4 >= 2 { n++ } END { print n }' "$tmp/nudge.txt")" 1 \
    '200 ms back: the same epoch'
contiguous nudge
is "$(packets v "$tmp/nudge.mp4" | wc -l)" 150 '200 ms back: all pictures'

# Damage.
flv -c 3000 <"$tmp/gop2.flv" >"$tmp/short.flv"
split short
status_is 65 'an end inside a tag'
stderr_has 'input ends inside the FLV tag at byte' 'the message says where'
is "$(flags_of short)" '2:0 1:1 4:0' 'the fragment in hand was written'

flv -j 2000 <"$tmp/gop2.flv" >"$tmp/junk.flv"
split junk -v
status_is 65 'junk between tags'
at=$(LC_ALL=C grep -obUaP '\x99{100}' "$tmp/junk.flv" | cut -d: -f1)
stderr_has "FLV tag at byte $at: bad header" 'the message says where it began'
stderr_has "going on at byte $((at + 100))" 'and where it ended'
stderr_has 'input is damaged: 100 bytes skipped' 'the message says how much'
is "$(flags_of junk)" '2:0 1:1 2:0 1:1 4:0' 'another epoch behind the junk'

run /dev/null fragment-split
status_is 65 'no input'
stderr_has 'fragment-split: error: input is empty' 'no input: the message'
printf 'GET / HTTP/1.0\r\n\r\n' >"$tmp/http"
run "$tmp/http" fragment-split
status_is 65 'no FLV'
stderr_has 'input is not FLV' 'no FLV: the message'

ffmpeg -nostdin -v error -i "$tmp/gop1.flv" -t 1 -c:v copy -c:a adpcm_swf \
    "$tmp/adpcm.flv"
run "$tmp/adpcm.flv" fragment-split
status_is 65 'another audio codec'
stderr_has 'audio codec ADPCM (FLV format 1) is not supported: want AAC' \
    'another audio codec: its name'
ffmpeg -nostdin -v error -i "$tmp/gop1.flv" -t 1 -an -c:v flv "$tmp/h263.flv"
run "$tmp/h263.flv" fragment-split
stderr_has 'video codec Sorenson H.263 (FLV codec 2) is not supported' \
    'another video codec: its name'

# The command.
run "$tmp/gop1.flv" fragment-split --no-wallclock
cp "$tmp/out" "$tmp/first"
run "$tmp/gop1.flv" fragment-split --no-wallclock
stdout_is "$tmp/first" '--no-wallclock: same input, same bytes'
is "$(fragments -b <"$tmp/first" | cut -d' ' -f1-5)" \
    'ftyp uuid moov moof mdat' '--no-wallclock: no prft'
before=$(date +%s)
run "$tmp/gop1.flv" fragment-split
is "$(fragments -b <"$tmp/out" | cut -d' ' -f1-6)" \
    'ftyp uuid moov prft moof mdat' 'the order of the boxes'
fragments <"$tmp/out" | awk -v from="$before" -v to="$(date +%s)" '
    { s = int($8 / 1000000); if (s < from || s > to) exit 1 }'
ok $? 'arrival times are those of the wall clock'

run /dev/null fragment-split --duration 5
status_is 64 'a duration without a unit'
stderr_has "Try 'fragment-split --help'." 'points at the help'
run /dev/null fragment-split --duration 60s
status_is 64 'too long a duration'
run /dev/null fragment-split --cut gop
status_is 64 'an unknown way to cut'
stderr_has 'want exact or keyframe' 'says what it could be'
run /dev/null fragment-split in.flv
status_is 64 'an operand'
if has_terminal; then
	script -qec "fragment-split <'$tmp/gop1.flv'" /dev/null >"$tmp/out" 2>&1
	grep -q 'standard output is a terminal' "$tmp/out"
	ok $? 'nothing is written to a terminal'
else
	skip 'no terminal here' 'nothing is written to a terminal'
fi
run "$tmp/gop1.flv" sh -c 'fragment-split >/dev/full'
status_is 74 'a full disk'

# The size of a pipe on standard input, when its first byte has come.
pipe_bytes() {
	perl -e 'sysread STDIN, my $byte, 1 or exit 1;
	    print fcntl(STDIN, 1032, 0), "\n";		# F_GETPIPE_SZ
	    1 while sysread STDIN, $byte, 65536'
}
usual=$(printf x | pipe_bytes)
is "$(cat "$tmp/gop1.flv" | fragment-split | pipe_bytes)" "$usual" \
    'a live stream leaves its pipe as it is'
if printf x | perl -e 'exit !fcntl(STDIN, 1031, 1 << 20)'; then
	is "$(fragment-split <"$tmp/gop1.flv" | pipe_bytes)" 1048576 \
	    'a recording gets a pipe for whole fragments'
else
	skip 'no large pipes here' 'a recording gets a pipe for whole fragments'
fi

# A live stream: fragments leave as they are complete, and a signal ends it.
mkfifo "$tmp/live"
fragment-split <"$tmp/live" >"$tmp/live.mp4" 2>"$tmp/err" &
split_pid=$!
pids=$split_pid
exec 3>"$tmp/live"
flv -c 2500 <"$tmp/gop2.flv" >&3
two_are_out() { [ "$(fragments <"$tmp/live.mp4" | wc -l)" -ge 2 ]; }
wait_for 10 two_are_out
ok $? 'finished fragments are written while the stream goes on'
kill -TERM "$split_pid"
st=0
wait "$split_pid" || st=$?
exec 3>&-
pids=
status_is 0 'SIGTERM ends it, whole tag or not'
fragments <"$tmp/live.mp4" >"$tmp/live.txt"
is "$(flags_of live)" '2:0 1:1 4:0' \
    'SIGTERM: the last fragment is written, and marked'

done_testing
