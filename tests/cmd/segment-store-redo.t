#!/bin/sh
# verify --redo: renditions are made again, and are the same.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264: {codec: h264, height: 90, quality: 30, cap: 500k, preset: ultrafast}
  late: {codec: h264, height: 48, quality: 30, cap: 500k, tier: batch}
audio:
  aac: {codec: aac, bitrate: 64k}
thumbnails:
  thumb: {height: 90, every: 2s}
END
ffmpeg -v error -f lavfi -i testsrc2=s=160x90:r=10:d=6 \
    -f lavfi -i sine=d=6:r=48000 -c:v libx264 -preset ultrafast -g 30 \
    -c:a aac "$tmp/clip.flv"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL
mkdir "$tmp/spool"
fragment-split <"$tmp/clip.flv" | segment-store put cam >"$tmp/lines"
run "$tmp/lines" transcode-job --ladder "$tmp/ladder.yaml" --tier all
status_is 0 'made'
redo() { run /dev/null segment-store verify --redo --ladder "$tmp/ladder.yaml" "$@"; }
www=$tmp/spool/www/cam
state() { find "$tmp/spool" -type f -printf '%p %i %s %T@\n' | sort; }

state >"$tmp/before"
redo
status_is 0 'made again: all the same'
is "$(cat "$tmp/out" "$tmp/err")" '' 'and nothing to tell'
state | cmp -s - "$tmp/before"
ok $? 'and nothing is written'

# A rendition of another encoder: whole, and not what is made here.
reseal() {		# reseal FILE PERL
	perl -I"${0%/*}/.." -MFragment=seal -0777 -ne "$2; print seal(\$_)" \
	    "$1" >"$tmp/other" && cat "$tmp/other" >"$1"
}
reseal "$www/h264/000001/000000/000000003.m4s" \
    'substr($_, -9, 1) ^= "\x01"'
reseal "$www/late/init-000001.mp4" 's/mvhd\0\0\0\0\0/mvhd\0\0\0\0\1/'
rm "$www/aac/000001/000000/000000006.m4s"
run /dev/null segment-store verify
status_is 0 'what has the right checksums passes'
redo
status_is 1 'but not when it is made again'
grep -q "^$www/h264/000001/000000/000000003.m4s	differs	fragment: .* at byte [0-9]*$" \
    "$tmp/out"
ok $? 'a fragment that differs is named'
is "$(grep -c '/late/.*init segment' "$tmp/out")" 6 \
    'an init segment is with each fragment'
is "$(grep -c 'aac\|thumb' "$tmp/out")" 0 'the others are the same'
[ ! -e "$www/aac/000001/000000/000000006.m4s" ]
ok $? 'what is missing is not made'
redo --seq 1-2 -r h264
status_is 0 'a selection'
redo -r h264 --sample 1% --seq 1
[ "$st" -eq 0 ] && [ ! -s "$tmp/err" ]
ok $? 'a sample may be of nothing'

# Sound whose run-up is gone cannot be the same, and is not said to differ.
rm "$tmp/spool/src/cam/000001/000000/000000001.mp4" \
    "$tmp/spool/src/cam/000001/000000/000000002.mp4" \
    "$tmp/spool/src/cam/000001/000000/000000003.mp4"
redo -r aac
status_is 0 'sound without its run-up'
run /dev/null segment-store verify --redo
status_is 64 'no ladder'
redo --sample 0%
status_is 64 'no sample at all'
redo --json
status_is 64 'JSON is not for --redo'
run /dev/null transcode-job --compare --ladder "$tmp/ladder.yaml" --owner me
status_is 64 'nor are claims'
mkdir "$tmp/bin"
ln -s "$BIN/segment-store" "$tmp/bin"
PATH=$tmp/bin redo
status_is 69 'no transcode-job to be found'
done_testing
