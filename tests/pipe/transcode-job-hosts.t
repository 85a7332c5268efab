#!/bin/sh
# Two hosts, each with a copy of the originals: the same bytes, though one makes
# them in a batch, and the other in another order, several at a time, with one
# to four threads each.
#
# SAME_SECONDS: of the stream (default: 3).
# shellcheck disable=SC2154 # tmp is tap.sh's
here=$(cd "${0%/*}" && pwd)
. "$here/../hosts.sh"
in_namespaces "$0" "$@"
. "$here/../tap.sh"
hosts 2 >"$tmp/up" 2>&1 || {
	sed 's/^/# /' "$tmp/up"
	echo '1..0 # SKIP the hosts did not come up'
	exit 0
}
seconds=${SAME_SECONDS:-3}
on_timeout=$((60 + seconds * 20))
export tmp PATH

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264-180p: {codec: h264, height: 180, quality: 23, cap: 1M}
  h264-90p: {codec: h264, height: 90, bitrate: 200k, fps: 15}
  hevc-90p: {codec: hevc, height: 90, quality: 28, cap: 500k}
  av1-90p: {codec: av1, height: 90, quality: 40, cap: 300k, preset: 12}
  vp9-90p: {codec: vp9, height: 90, quality: 40, cap: 300k}
audio:
  aac: {codec: aac, bitrate: 96k}
  opus: {codec: opus, bitrate: 64k}
thumbnails:
  thumb: {height: 90, every: 2s}
END
ffmpeg -v error -f lavfi -i "testsrc2=s=320x180:r=30:d=$seconds" \
    -f lavfi -i "sine=d=$seconds:r=48000" -vf noise=alls=12 -c:v libx264 \
    -preset veryfast -bf 2 -g 75 -c:a aac "$tmp/clip.flv"
mkdir "$tmp/h1" "$tmp/h2"
fragment-split <"$tmp/clip.flv" |
    segment-store put --spool "$tmp/h1" cam >"$tmp/lines"
cp -R "$tmp/h1/src" "$tmp/h2"

# shellcheck disable=SC2016 # the hosts' shells expand it
on 1 sh -c 'transcode-job --spool "$tmp/h1" --ladder "$tmp/ladder.yaml" \
    <"$tmp/lines" >"$tmp/out.1"' &
first=$!
# shellcheck disable=SC2016
on 2 sh -c 'sort -r "$tmp/lines" | cut -f1 | sed "s,.*/src/,$tmp/h2/src/," |
    xargs -P 3 -n 1 sh -c '\''seq=${1##*/} && exec transcode-job \
    --ladder "$tmp/ladder.yaml" --threads $((1${seq%.mp4} % 4 + 1)) "$1"'\'' \
    sh >"$tmp/out.2"'
ok $? 'one host: in another order, three at a time'
wait "$first"; ok $? 'the other one: a batch, at the same time'
is "$(find "$tmp/h1/www" -name '*.m4s' | wc -l)" \
    "$((8 * $(wc -l <"$tmp/lines")))" 'every rendition of every fragment'
diff -r "$tmp/h1/www" "$tmp/h2/www" >"$tmp/diff" 2>&1
is "$(cat "$tmp/diff")" '' 'the same bytes'
done_testing
