#!/bin/bash
# livespool-live: what it refuses before anything is started.
. "${0%/*}/../tap.sh"
export PATH="$BIN:$PATH"
unset LIVESPOOL_SPOOL
: >"$tmp/ladder"

refused() {		# refused STATUS TEXT NAME [OPTION...]
	want=$1 text=$2 name=$3; shift 3
	run /dev/null livespool-live "$@"
	status_is "$want" "$name"
	stderr_has "$text" 'and says so'
}
refused 64 'no spool' 'no spool' --ladder "$tmp/ladder"
refused 64 'no ladder' 'no ladder' --spool "$tmp/spool"
refused 64 "'--http' needs an argument" 'an option without its argument' --http
refused 66 "cannot read '$tmp/no'" 'a ladder that is not there' \
    --spool "$tmp/spool" --ladder "$tmp/no"
refused 66 "the page '$tmp/no' is not a directory" 'nor is the page' \
    --spool "$tmp/spool" --ladder "$tmp/ladder" --page "$tmp/no"
refused 66 "cannot read '$tmp/no'" 'nor are the keys' \
    --spool "$tmp/spool" --ladder "$tmp/ladder" --keys "$tmp/no"
refused 73 'cannot create the spool' 'a spool that cannot be' \
    --spool "$tmp/ladder/spool" --ladder "$tmp/ladder"
[ ! -e "$tmp/spool" ]; ok $? 'and nothing was begun'
done_testing
