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
done_testing
