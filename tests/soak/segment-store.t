#!/bin/sh
# segment-store put: kills and power cuts at random, 150 of them; 10,000 with
# SOAK=1 (make soak).  SEED=N repeats a run.
# shellcheck disable=SC2154 # tmp is tap.sh's
here=${0%/*}
. "$here/../tap.sh"
FAULTS=$BIN/../tests/faults.so
[ -e "$FAULTS" ] || { echo '1..0 # SKIP no faults.so: make tests'; exit 0; }
export FAULTS ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0

ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=10 -t 8 \
    -c:v libx264 -preset ultrafast -g 10 -keyint_min 10 -sc_threshold 0 \
    -video_track_timescale 90000 -f mp4 \
    -movflags frag_keyframe+empty_moov+default_base_moof - |
    "$here/../as-fragments" >"$tmp/fragments"
[ -s "$tmp/fragments" ] || { echo 'Bail out! no clip'; exit 99; }

cuts=${SOAK:+10000}
run /dev/null "$here/power-cuts" "${cuts:-150}" "${SEED:-$$}" \
    "$tmp/fragments" "$tmp"
sed 's/^\([^#]\)/# \1/' "$tmp/out"
status_is 0 'all that was printed is there and whole, and nothing half'
done_testing
