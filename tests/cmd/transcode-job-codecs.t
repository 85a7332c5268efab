#!/bin/sh
# Every video codec: fragments that join, key pictures, playlists.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264: {codec: h264, height: 180, quality: 23, cap: 1M}
  hevc: {codec: hevc, height: 180, quality: 28, cap: 1M}
  av1: {codec: av1, height: 180, quality: 40, cap: 1M, preset: 12}
  vp9: {codec: vp9, height: 180, quality: 40, cap: 1M}
  hevc-low: {codec: hevc, height: 90, bitrate: 150k, preset: ultrafast}
  av1-low: {codec: av1, height: 90, bitrate: 150k, preset: 12}
  vp9-low: {codec: vp9, height: 90, bitrate: 150k}
  copy: {codec: copy}
  slow: {codec: h264, height: 90, bitrate: 150k, fps: 15, preset: ultrafast}
audio:
  aac: {codec: copy}
END
renditions='h264 hevc av1 vp9 hevc-low av1-low vp9-low'

pts() {
	ffprobe -v error -select_streams v -show_entries frame=pts \
	    -of csv=p=0 "$1" | sed 's/,.*//;/^$/d'
}

ffmpeg -v error -f lavfi -i testsrc2=s=320x180:r=30:d=3.4 \
    -f lavfi -i sine=d=3.4:r=48000 -c:v libx264 -preset veryfast -bf 2 -g 250 \
    -c:a aac "$tmp/clip.flv"
mkdir "$tmp/s"
fragment-split <"$tmp/clip.flv" |
    segment-store put --spool "$tmp/s" cam >"$tmp/lines"
run "$tmp/lines" transcode-job --spool "$tmp/s" --ladder "$tmp/ladder.yaml"
status_is 0 'four codecs, copies, a rate of pictures'
is "$(cat "$tmp/err")" '' 'and nothing to complain of'
cp "$tmp/out" "$tmp/made"
cat "$tmp"/s/src/cam/000001/*/*.mp4 >"$tmp/src.mp4"
pts "$tmp/src.mp4" >"$tmp/source.pts"
fragments=$(wc -l <"$tmp/lines")

for r in $renditions; do
	cat "$tmp/s/www/cam/$r/init-000001.mp4" \
	    "$tmp/s/www/cam/$r"/000001/*/*.m4s >"$tmp/$r.mp4"
	ffmpeg -v warning -xerror -i "$tmp/$r.mp4" -f null - \
	    >"$tmp/decode" 2>&1
	is "$(cat "$tmp/decode")" '' "$r: decodes without a complaint"
	pts "$tmp/$r.mp4" >"$tmp/pts"
	cmp -s "$tmp/pts" "$tmp/source.pts"
	ok $? "$r: every picture, with its time"
	is "$(ffprobe -v error -show_entries packet=flags -of csv=p=0 \
	    "$tmp/$r.mp4" | grep -c K)" "$fragments" \
	    "$r: a key picture a fragment"
	awk -F '\t' -v r="$r" '$5 == r {
	    if (n++ && $6 != next_us) bad = 1
	    next_us = $6 + $7 } END { exit bad || !n }' "$tmp/made"
	ok $? "$r: fragments join"
done

# The source's own pictures; and every other one, on the grid of all time.
whole() {
	cat "$tmp/s/www/cam/$1/init-000001.mp4" \
	    "$tmp/s/www/cam/$1"/000001/*/*.m4s >"$tmp/$1.mp4"
}
md5() { ffmpeg -v error -i "$1" -map 0:v -c copy -f md5 -; }
whole copy
is "$(md5 "$tmp/copy.mp4")" "$(md5 "$tmp/src.mp4")" 'copy: the same bytes'
pts "$tmp/copy.mp4" | cmp -s - "$tmp/source.pts"
ok $? 'copy: the same times'
whole slow
pts "$tmp/slow.mp4" >"$tmp/pts"
is "$(awk 'NR > 1 { d = $1 - last; print (d < 5900 || d > 6100) }
    { last = $1 }' "$tmp/pts" |
    sort -u)" 0 'a rate of 15: every other picture, across the borders too'
is "$(wc -l <"$tmp/pts")" "$((($(wc -l <"$tmp/source.pts") + 1) / 2))" \
    'and so half of them'
grep -vxFf "$tmp/source.pts" "$tmp/pts" >"$tmp/strange"
is "$(cat "$tmp/strange")" '' 'each with the time that it had'

# Once more, elsewhere, the other way round: the same files.
mkdir "$tmp/twin"
cp -R "$tmp/s/src" "$tmp/twin"
sort -r "$tmp/lines" >"$tmp/reversed"
run "$tmp/reversed" transcode-job --spool "$tmp/twin" \
    --ladder "$tmp/ladder.yaml"
diff -r "$tmp/s/www" "$tmp/twin/www" >"$tmp/diff"
ok $? 'another run makes the same bytes'

# What is asked for is kept, of a second of anything.
for r in hevc-low av1-low vp9-low; do
	bits=$(awk -F '\t' -v r="$r" '$5 == r { b += $8 * 8; us += $7 }
	    END { print int(b / us * 1e6) }' "$tmp/made")
	[ "$bits" -gt 30000 ] && [ "$bits" -le 165000 ]
	ok $? "$r: $bits bit/s where 150k were asked for"
done

run /dev/null playlist-gen --spool "$tmp/s" --live cam
status_is 0 'playlists'
main=$(cat "$tmp/s/www/cam/main.m3u8")
for codecs in 'avc1\.64' 'hvc1\.1\.6\.L' 'av01\.0\.0[0-9]M\.08' \
    'vp09\.00\.[1-6][0-2]\.08'; do
	printf '%s\n' "$main" | grep -q "CODECS=\"$codecs"
	ok $? "name $codecs"
done
done_testing
