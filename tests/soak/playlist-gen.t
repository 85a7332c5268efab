#!/bin/sh
# playlist-gen: 500 steps of random histories of a stream; 10,000 with SOAK=1
# (make soak).  SEED=N repeats a run.
# shellcheck disable=SC2154 # tmp is tap.sh's
here=${0%/*}
# Joined segments are synced: that is not what is tested.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$here/../tap.sh"

steps=${SOAK:+10000}
run /dev/null "${BIN%/bin}/soak/histories" "$tmp" "${steps:-500}" \
    "${SEED:-$$}"
sed 's/^/# /' "$tmp/out"
status_is 0 'playlists are the same from nothing, right, and follow each other'
done_testing
