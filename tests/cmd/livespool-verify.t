#!/bin/sh
# livespool-verify: quiet when all is well, and VOD playlists stay true.
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
LIVESPOOL_SPOOL="$tmp/a spool"
export LIVESPOOL_SPOOL

ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=10 -t 3 \
    -c:v libx264 -preset ultrafast -g 10 -keyint_min 10 -sc_threshold 0 \
    -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof \
    "$tmp/three.mp4"
"$here/../mkstore.pl" "$LIVESPOOL_SPOOL" cam low 1 1 1700000000000000 \
    "$tmp/three.mp4"
mkdir -p "$LIVESPOOL_SPOOL/queue" "$LIVESPOOL_SPOOL/src/cam"
low=$LIVESPOOL_SPOOL/www/cam/low
listed() { grep -c '^[^#].*m4s' "$low/vod.m3u8"; }

playlist-gen --vod cam
run /dev/null livespool-verify cam
status_is 0 'livespool-verify'
is "$(cat "$tmp/out" "$tmp/err")" '' 'all is well'
echo x >>"$low/000001/000000/000000003.m4s"
run /dev/null livespool-verify cam
status_is 1 'a damaged rendition'
stdout_has '000000003.m4s	quarantined	' 'is printed'
is "$(listed)" 2 'and not listed any more'
done_testing
