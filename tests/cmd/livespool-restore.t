#!/bin/sh
# livespool-restore: what it refuses.  What it does: livespool-archive.t.
# shellcheck disable=SC2154 # tmp and st are tap.sh's
. "${0%/*}/../tap.sh"
restore() {
	run /dev/null livespool-restore --spool "$tmp" --store s3://live "$@"
}
restore --seq 1-x cam
status_is 64 'a bad range'
restore --to soon cam
status_is 64 'a bad time'
restore ../cam
status_is 64 'a bad name'
restore --config "$tmp/none" cam
status_is 66 'no configuration'
run /dev/null livespool-restore --spool "$tmp" --store http://live cam
status_is 64 'no URL of a store'
done_testing
