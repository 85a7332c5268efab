#!/bin/sh
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264-180p: {codec: h264, height: 180, quality: 23, cap: 1M, preset: veryfast}
  h264-120p: {codec: h264, height: 120, quality: 23, cap: 500k, preset: medium}
  h264-90p: {codec: h264, height: 90, bitrate: 200k, preset: veryfast}
  h264-360p: {codec: h264, height: 360, quality: 23, cap: 2M, preset: veryfast}
audio:
  aac: {codec: copy}
END

clip() {		# clip GOP FILE: 5 s, 30 fps, B-frames, sound
	ffmpeg -v error -y -f lavfi -i testsrc2=s=320x180:r=30:d=5 \
	    -f lavfi -i sine=d=5:r=48000 -c:v libx264 -preset veryfast -bf 2 \
	    -g "$1" -keyint_min "$1" -sc_threshold 0 -c:a aac "$2"
}

store() {		# store FLV SPOOL: lines into SPOOL.lines
	mkdir "$2" && fragment-split <"$1" >"$tmp/fragments" &&
	    segment-store put --spool "$2" cam <"$tmp/fragments" >"$2.lines"
}

job() {			# job SPOOL ARG...: status in $st
	job_spool=$1; shift
	run "${job_in:-/dev/null}" transcode-job --spool "$job_spool" \
	    --ladder "$tmp/ladder.yaml" "$@"
}

whole() {		# whole SPOOL RENDITION: one file of it all
	cat "$1/www/cam/$2"/init-000001.mp4 \
	    "$1/www/cam/$2"/000001/*/*.m4s >"$tmp/whole.mp4"
}

packets() {		# packets FILE KIND: PTS in order
	ffprobe -v error -select_streams "$2" -show_entries packet=pts \
	    -of csv=p=0 "$1" | sed 's/,.*//;/^$/d' | sort -n
}

same_pts() {		# same_pts NAME
	ffprobe -v error -select_streams v -show_entries frame=pts \
	    -of csv=p=0 "$tmp/whole.mp4" | sed 's/,.*//;/^$/d' >"$tmp/pts"
	is "$(wc -l <"$tmp/pts")" "$(wc -l <"$tmp/source.pts")" \
	    "$1: as many pictures as the source"
	is "$(paste "$tmp/pts" "$tmp/source.pts" |
	    awk '{ print $1 - $2 }' | uniq)" 0 "$1: same PTS"
}

joined() {		# joined SPOOL RENDITION
	grep "	$2	" "$1.out" | awk -F '\t' '
	    NR > 1 && $6 != next_us { bad = 1 }
	    { next_us = $6 + $7 }
	    END { exit bad || NR == 0 }'
	ok $? "$2: fragments join"
}

check_video() {		# check_video SPOOL RENDITION
	whole "$1" "$2"
	same_pts "$2"
	joined "$1" "$2"
	ffmpeg -v warning -xerror -i "$tmp/whole.mp4" -f null - \
	    >"$tmp/decode" 2>&1
	is "$(cat "$tmp/decode")" '' "$2: decodes without a complaint"
}

check_audio() {		# check_audio SPOOL FLV
	whole "$1" aac
	is "$(packets "$tmp/whole.mp4" a | wc -l)" \
	    "$(packets "$2" a | wc -l)" 'aac: every frame'
	is "$(ffmpeg -v error -i "$tmp/whole.mp4" -c copy -f md5 -)" \
	    "$(ffmpeg -v error -i "$2" -map 0:a -c copy -f md5 -)" \
	    'aac: the same bytes'
	joined "$1" aac
}

for gop in 60 250; do
	spool=$tmp/gop$gop
	clip "$gop" "$spool.flv" && store "$spool.flv" "$spool"
	ok $? "keyframe every $gop: stored"
	cat "$spool"/src/cam/000001/*/*.mp4 >"$tmp/src.mp4"
	packets "$tmp/src.mp4" v >"$tmp/source.pts"

	job_in=$spool.lines job "$spool"
	status_is 0 'lines on standard input'
	is "$(cat "$tmp/err")" '' 'and nothing to complain of'
	cp "$tmp/out" "$spool.out"
	is "$(wc -l <"$spool.out")" "$((4 * $(wc -l <"$spool.lines")))" \
	    'one line for each rendition of each fragment'
	cut -f1 "$spool.out" | xargs ls >/dev/null
	ok $? 'the paths printed are there'
	for rung in h264-180p h264-120p h264-90p; do
		check_video "$spool" "$rung"
	done
	check_audio "$spool" "$spool.flv"
	is "$(ls "$spool/www/cam/h264-360p")" none-000001 \
	    'a rung above the source is marked'
	is "$(ls "$spool/queue")" '' 'no tickets are left'
done

grep -q 'dependent=' "$tmp/gop250.lines"
ok $? 'fragments between keyframes were among them'

# Once more, elsewhere, by path: the same files.
mkdir "$tmp/twin" && cp -R "$tmp/gop250/src" "$tmp/twin"
run /dev/null transcode-job --ladder "$tmp/ladder.yaml" \
    "$tmp"/twin/src/cam/000001/*/*.mp4
status_is 0 'operands; the spool is known by their paths'
diff -r "$tmp/gop250/www" "$tmp/twin/www" >"$tmp/diff"
ok $? 'a second run makes the same bytes'

first=src/cam/000001/000000/000000001.mp4
gone=$tmp/twin/www/cam/h264-90p/000001/000000/000000003.m4s
state() { find "$1" -printf '%p %i %s %T@\n' | sort; }
state "$tmp/twin/www" >"$tmp/before"
job "$tmp/twin" "$tmp"/twin/src/cam/000001/*/*.mp4
status_is 0 'nothing to do is success'
is "$(cat "$tmp/out")" '' 'and prints nothing'
state "$tmp/twin/www" | diff "$tmp/before" - >"$tmp/diff"
ok $? 'and touches nothing'
cp "$gone" "$tmp/third.m4s"
rm "$gone"
job "$tmp/twin" "$tmp"/twin/src/cam/000001/*/*.mp4
is "$(cut -f1 "$tmp/out")" "$gone" 'what is missing is made, and no more'
cmp -s "$gone" "$tmp/third.m4s"
ok $? 'as it was'

mkdir "$tmp/one" && cp -R "$tmp/gop250/src" "$tmp/one"
(cd "$tmp/one" && exec transcode-job --ladder "$tmp/ladder.yaml" -r h264-90p \
    "$first") >"$tmp/out"
is "$(cut -f1 "$tmp/out")" \
    ./www/cam/h264-90p/000001/000000/000000001.m4s \
    'one rendition, by a path below the working directory'
is "$(ls "$tmp/one/www/cam")" h264-90p 'and only that one'
printf '\n%s\n\n' "$first" >"$tmp/in"
LIVESPOOL_SPOOL=$tmp/one run "$tmp/in" transcode-job \
    --ladder "$tmp/ladder.yaml" -r aac
status_is 0 'bare paths and empty lines, the spool from the environment'
is "$(cut -f5 "$tmp/out")" aac 'make what was asked for'

# One bad fragment among good ones.
mkdir "$tmp/bad" && cp -R "$tmp/gop60/src" "$tmp/bad"
second=$tmp/bad/src/cam/000001/000000/000000002.mp4
third=$tmp/bad/src/cam/000001/000000/000000003.mp4
chmod u+w "$third"
head -c 2000 /dev/urandom >"$third"
job "$tmp/bad" "$tmp/bad/$first" "$third" "$second"
status_is 1 'a garbage fragment among others'
stderr_has "'$third': " 'is named'
is "$(cut -f4 "$tmp/out" | sort -u | tr '\n' ' ')" '000000001 000000002 ' \
    'and the others are made'
job "$tmp/bad" "$third"
status_is 65 'a garbage fragment alone'
is "$(find "$tmp/bad/www" -name '000000003*')" '' 'leaves no file'
rm "$third"
job "$tmp/bad" "$third"
status_is 66 'a fragment that is not there'
job "$tmp/bad" "$tmp/bad/www/cam/aac/000001/000000/000000001.m4s"
status_is 65 'a rendition is no original'
job "$tmp/bad" /etc/passwd
status_is 65 'nor is any other path'

# Limits, and a kill in the middle of the work.
mkdir "$tmp/kill" && cp -R "$tmp/gop60/src" "$tmp/kill"
sed 's/veryfast/placebo/; s/medium/placebo/' "$tmp/ladder.yaml" \
    >"$tmp/slow.yaml"
run /dev/null transcode-job --ladder "$tmp/slow.yaml" --timeout 50ms \
    "$tmp/kill/$first"
status_is 75 'a fragment over its time'
stderr_has 'took longer than 50 ms' 'says so'
if grep -q __asan_init "$BIN/transcode-job"; then
	skip 'the sanitizer reserves terabytes' 'a fragment over its memory'
else
	run /dev/null transcode-job --ladder "$tmp/slow.yaml" --memory 64MiB \
	    "$tmp/kill/$first"
	status_is 71 'a fragment over its memory'
fi
is "$(find "$tmp/kill" -name '*.m4s')" '' 'neither leaves a file'

transcode-job --ladder "$tmp/slow.yaml" "$tmp"/kill/src/cam/000001/*/*.mp4 \
    >"$tmp/killed.out" 2>/dev/null &
pid=$!
pids=$pid
child() { child=$(pgrep -P "$pid"); }
wait_for 10 child
child
kill -KILL "$pid" && { wait "$pid"; } 2>/dev/null
wait_for 10 sh -c "! kill -0 $child"
ok $? 'the child goes with its parent'
while IFS= read -r path; do
	printf '%s\n' "${path%%	*}"
done <"$tmp/killed.out" | sort >"$tmp/printed"
find "$tmp/kill/www" -name '*.m4s' 2>/dev/null | sort |
    comm -13 - "$tmp/printed" >"$tmp/lost"
is "$(cat "$tmp/lost")" '' 'what was printed is there'
run /dev/null transcode-job --ladder "$tmp/slow.yaml" \
    "$tmp"/kill/src/cam/000001/*/*.mp4
status_is 0 'the work goes on after a kill'
spool=$tmp/kill
cat "$tmp/killed.out" "$tmp/out" | sort -u >"$spool.out"
cat "$tmp"/kill/src/cam/000001/*/*.mp4 >"$tmp/src.mp4"
packets "$tmp/src.mp4" v >"$tmp/source.pts"
check_video "$spool" h264-180p

# Pictures that pause for four seconds while the sound goes on.
ffmpeg -v error -f lavfi -i testsrc2=s=320x180:r=30:d=9 \
    -f lavfi -i sine=d=9:r=48000 -vf "select='not(between(t,2,5.99))'" \
    -vsync passthrough -c:v libx264 -preset veryfast -bf 0 -sc_threshold 0 \
    -force_key_frames 1,6,7,8 -c:a aac "$tmp/pause.flv"
store "$tmp/pause.flv" "$tmp/pause"
is "$(wc -l <"$tmp/pause.lines")" 9 'pictures that pause: a fragment each second'
job "$tmp/pause" "$tmp"/pause/src/cam/000001/*/*.mp4
status_is 0 'and each is transcoded'
stderr_has "no samples for 'h264-180p', which gets a gap" 'with a warning'
grep -q '	h264-180p	.*	gap$' "$tmp/out"
ok $? 'and a line that says so'
run /dev/null segment-store pending --spool "$tmp/pause" \
    --ladder "$tmp/ladder.yaml"
is "$(cat "$tmp/out")" '' 'nothing is pending'
is "$(find "$tmp/pause/queue" -type f)" '' 'nor in the queue'
run /dev/null playlist-gen --spool "$tmp/pause" --live cam
gaps=$(grep -c EXT-X-GAP "$tmp/pause/www/cam/h264-180p/live.m3u8")
[ "$gaps" -ge 2 ] && [ "$gaps" -le 4 ]
ok $? "the playlist has the gaps ($gaps), and waits for nothing"
is "$(grep -c '^0' "$tmp/pause/www/cam/aac/live.m3u8")" 9 'the sound is all there'
whole "$tmp/pause" h264-180p
is "$(packets "$tmp/whole.mp4" v | wc -l)" 150 'and so are the pictures'

# How far it is, for who looks.
if has_terminal; then
	rm -r "$tmp/one/www"
	TERM=xterm script -qec "transcode-job --ladder $tmp/ladder.yaml -r aac \
	    $tmp/one/src/cam/000001/000000/*.mp4 >$tmp/out" /dev/null \
	    >"$tmp/seen" </dev/null
	is "$(tr '\r' '\n' <"$tmp/seen" | grep -c '^[0-9]* of 5 fragments, 0 failed$')" \
	    "$(tr '\r' '\n' <"$tmp/seen" | grep -c .)" 'a terminal: progress'
	is "$(tr '\r' '\n' <"$tmp/seen" | grep . | tail -n1)" \
	    '5 of 5 fragments, 0 failed' 'up to the end'
	TERM=dumb script -qec "transcode-job --ladder $tmp/ladder.yaml \
	    $tmp/one/$first >$tmp/out" /dev/null >"$tmp/seen" </dev/null
	is "$(cat "$tmp/seen")" '' 'none on a dumb one'
else
	skip 'no terminal' 'progress'
fi

run /dev/null transcode-job "$tmp/one/$first"
status_is 64 'no ladder'
job "$tmp/one" -r nope "$tmp/one/$first"
status_is 64 'an unknown rendition'
job "$tmp/one" --tier evening "$tmp/one/$first"
status_is 64 'an unknown tier'
job "$tmp/one" --timeout 0s "$tmp/one/$first"
status_is 64 'no time at all'
run /dev/null transcode-job --ladder "$tmp/none.yaml" "$tmp/one/$first"
status_is 66 'a ladder that is not there'
# Noise would take all there is: a second keeps to its cap, and a tenth.
cat >"$tmp/ladder.yaml" <<'END'
video:
  quality: {codec: h264, height: 108, quality: 20, cap: 300k}
  rate: {codec: h264, height: 108, bitrate: 300k}
  below: {codec: h264, height: 108, bitrate: 200k, cap: 300k}
  hevc: {codec: hevc, height: 108, bitrate: 300k}
END
ffmpeg -v error -f lavfi -i \
    "nullsrc=s=192x108:r=30:d=2,geq='random(1)*255:128:128'" -c:v libx264 \
    -preset ultrafast -qp 18 -g 30 "$tmp/noise.flv"
store "$tmp/noise.flv" "$tmp/noise"
job_in=$tmp/noise.lines job "$tmp/noise"
status_is 0 'noise: made'
for r in quality rate below hevc; do
	most=$(find "$tmp/noise/www/cam/$r" -name '*.m4s' -printf '%s\n' |
	    sort -n | tail -n 1)
	[ "$((most * 8))" -le 330000 ] && [ "$((most * 8))" -ge 150000 ]
	ok $? "$r: at most 1.1 of the cap ($((most * 8)) of 300,000 bits)"
done
done_testing
