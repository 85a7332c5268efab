#!/bin/sh
# livespool-expire: quiet, and VOD playlists stay true.
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
LIVESPOOL_SPOOL="$tmp/a spool"
export LIVESPOOL_SPOOL

ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=10 -t 6 \
    -c:v libx264 -preset ultrafast -g 10 -keyint_min 10 -sc_threshold 0 \
    -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof \
    "$tmp/six.mp4"
"$here/../mkstore.pl" "$LIVESPOOL_SPOOL" cam low 1 1 1700000000000000 \
    "$tmp/six.mp4"
"$here/../mkstore.pl" "$LIVESPOOL_SPOOL" cam src 1 1 1700000000000000 \
    "$tmp/six.mp4"
mkdir -p "$LIVESPOOL_SPOOL/queue"
low=$LIVESPOOL_SPOOL/www/cam/low
touch -d '2 days ago' "$low"/000001/000000/00000000[123].m4s \
    "$LIVESPOOL_SPOOL"/src/cam/000001/000000/00000000[123].mp4
listed() { grep -c '^[^#].*m4s' "$low/vod.m3u8"; }

run /dev/null playlist-gen --vod cam
status_is 0 'playlist-gen --vod'
is "$(listed)" 6 'lists six'
run /dev/null livespool-expire --age 1d --force --dry-run
status_is 0 'livespool-expire --dry-run'
is "$(listed)" 6 'changes nothing'
run /dev/null livespool-expire --age 1d --force cam
status_is 0 'livespool-expire'
is "$(cat "$tmp/out" "$tmp/err")" '' 'is quiet'
is "$(find "$low" -name '*.m4s' | wc -l) $(listed)" '3 3' \
	'the VOD playlist lists what is left'
run /dev/null livespool-expire --age 1d
status_is 64 'wrong usage is passed on'

done_testing
