#!/bin/sh
# The same bytes, whoever makes them: alone, in a batch, beside other jobs, in
# another order, one rendition at a time.  SAME_SECONDS: of the stream.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264-180p: {codec: h264, height: 180, quality: 23, cap: 1M}
  h264-90p: {codec: h264, height: 90, bitrate: 200k, fps: 15}
  hevc-90p: {codec: hevc, height: 90, quality: 28, cap: 500k}
  av1-90p: {codec: av1, height: 90, quality: 40, cap: 300k, preset: 12}
  vp9-90p: {codec: vp9, height: 90, quality: 40, cap: 300k}
audio:
  aac: {codec: copy}
thumbnails:
  thumb: {height: 90, every: 2s}
END

ffmpeg -v error -f lavfi -i "testsrc2=s=320x180:r=30:d=${SAME_SECONDS:-4}" \
    -f lavfi -i "sine=d=${SAME_SECONDS:-4}:r=48000" -vf noise=alls=12 \
    -c:v libx264 -preset veryfast -bf 2 -g 75 -c:a aac "$tmp/clip.flv"
mkdir "$tmp/src"
fragment-split <"$tmp/clip.flv" |
    segment-store put --spool "$tmp/src" cam >"$tmp/lines"
cut -f4 "$tmp/lines" | sed 's|.*|src/cam/000001/000000/&.mp4|' >"$tmp/paths"

fresh() { mkdir "$tmp/$1" && cp -R "$tmp/src/src" "$tmp/$1"; }
job() {			# job SPOOL ARG...
	where=$1; shift
	(cd "$tmp/$where" &&
	    exec transcode-job --ladder "$tmp/ladder.yaml" "$@" >/dev/null)
}
same() {		# same SPOOL NAME
	diff -r "$tmp/batch/www" "$tmp/$1/www" >"$tmp/diff" 2>&1
	is "$(cat "$tmp/diff")" '' "$2: the same bytes"
}

fresh batch
job batch <"$tmp/paths"
is "$(find "$tmp/batch/www" -name '*.m4s' | wc -l)" \
    "$((7 * $(wc -l <"$tmp/paths")))" 'all renditions, in a batch'

fresh alone
sort -r "$tmp/paths" >"$tmp/reversed"
while IFS= read -r path; do
	job alone "$path"
done <"$tmp/reversed"
same alone 'one at a time, the last first'

# One decoder for those that are decoded from the same picture on.
plant=${BIN%/bin}/tests/plant.so
pts=$(ffprobe -v error -select_streams v -show_entries packet=pts \
    -of csv=p=0 "$tmp/src/$(sed q "$tmp/paths")" | sed 's/,.*//;q')
told() {		# told ARG...: how often it was given the first picture
	PLANT=tell PLANT_PTS=$pts LD_PRELOAD=$plant transcode-job --spool \
	    "$tmp/told" --ladder "$tmp/ladder.yaml" -r h264-90p "$@" \
	    </dev/null 2>&1 >/dev/null | grep -c 'packet came'
}
if grep -q __asan_init "$BIN/transcode-job"; then
	skip 'the sanitizer comes first' 'one decoder for several'
else
	fresh told
	# shellcheck disable=SC2046 # paths of ours
	is "$(told $(sed 2q "$tmp/paths"))" 1 'one decoder for several'
	rm -r "$tmp/told/www"
	is "$(sed 2q "$tmp/paths" | while IFS= read -r path; do
		told "$path"
	done | tr '\n' ' ')" '1 1 ' 'one for each alone'
fi

fresh beside
(cd "$tmp/beside" && xargs -P 3 -n 1 transcode-job \
    --ladder "$tmp/ladder.yaml" <"$tmp/paths" >/dev/null)
same beside 'three at a time'

fresh apart
for r in thumb vp9-90p h264-90p aac av1-90p hevc-90p h264-180p; do
	job apart -r "$r" <"$tmp/paths"
done
same apart 'one rendition at a time'

# More threads than there are processors, or rungs.
for threads in 3 16; do
	fresh "threads$threads"
	job "threads$threads" --threads "$threads" <"$tmp/paths"
	same "threads$threads" "$threads threads"
done

# Two that race for the same fragments, and the memory in another state.
fresh race
job race <"$tmp/reversed" &
pid=$!
job race <"$tmp/paths"
wait "$pid"
ok $? 'two jobs race for the same'
same race 'a race'

# One processor of those that there are.
fresh one
if command -v taskset >/dev/null; then
	(cd "$tmp/one" && taskset -c "$(taskset -cp $$ | sed 's/.*[ ,-]//')" \
	    transcode-job --ladder "$tmp/ladder.yaml" <"$tmp/paths" \
	    >/dev/null)
	same one 'on one processor'
else
	skip 'no taskset' 'on one processor'
fi

# What is damaged, interlaced, or open: nothing of the neighbours shows.
damage() {
	perl -e 'binmode STDIN; binmode STDOUT; local $/; my $d = <STDIN>;
	    srand 5; for (1 .. 30) {
		my $at = 3000 + int rand(length($d) - 3000);
		substr($d, $at, 1) ^= chr(1 << rand 8);
	    } print $d'
}
odd() {			# odd NAME FILTER ENCODER-ARG...
	name=$1 filter=$2; shift 2
	ffmpeg -v error -f lavfi -i testsrc2=s=320x180:r=30:d=5 \
	    -c:v libx264 -preset veryfast "$@" "$tmp/$name.flv"
	rm -rf "$tmp/src" "$tmp/batch" "$tmp/alone"
	mkdir "$tmp/src"
	$filter <"$tmp/$name.flv" | fragment-split 2>"$tmp/split.err" |
	    segment-store put --spool "$tmp/src" cam >"$tmp/lines" || :
	cut -f4 "$tmp/lines" | sed 's|.*|src/cam/000001/000000/&.mp4|' \
	    >"$tmp/paths"
	fresh batch
	job batch -r h264-180p <"$tmp/paths" 2>"$tmp/err" || :
	is "$(find "$tmp/batch/www" -name '*.m4s' | wc -l)" \
	    "$(wc -l <"$tmp/paths")" "$name: all are made"
	fresh alone
	while IFS= read -r path; do
		job alone -r h264-180p "$path" 2>"$tmp/err" || :
	done <"$tmp/paths"
	same alone "$name, one at a time"
}
odd damaged damage -g 250 -bf 3
odd interlaced cat -g 75 -bf 2 -flags +ilme+ildct
odd open cat -g 45 -bf 3 -x264-params open-gop=1
done_testing
