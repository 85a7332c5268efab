#!/bin/sh
# playlist-gen: 500 steps of random histories of a stream, the same each time, so
# that what fails is what has changed; 10,000 that nobody has seen with SOAK=1
# (make soak).  SEED=N repeats a run.
# shellcheck disable=SC2154 # tmp is tap.sh's
here=${0%/*}
# Joined segments are synced: that is not what is tested.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$here/../tap.sh"

steps=500 seed=1
[ -z "${SOAK:-}" ] || steps=10000 seed=$$
run /dev/null "${BIN%/bin}/soak/histories" "$tmp" "$steps" \
    "${SEED:-$seed}"
sed 's/^/# /' "$tmp/out"
status_is 0 'playlists are the same from nothing, right, and follow each other'
done_testing
