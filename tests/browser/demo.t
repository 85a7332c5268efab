#!/bin/bash
# Headless Chromium plays the demo's page, from a real encoder through every
# program.  BROWSER_SECONDS: how long it is watched.
. "${0%/*}/../tap.sh"
. "${0%/*}/../pipe/path.sh"
here=$(cd "${0%/*}" && pwd)
root=$(cd "$here/../.." && pwd)

. "$here/relay.sh"
need_browser
export DEMO_DIR="$tmp/demo"
DEMO_RTMP="127.0.0.1:$(free_port)"
DEMO_HTTP="127.0.0.1:$(free_port)"
export DEMO_RTMP DEMO_HTTP
unset LIVESPOOL_SPOOL

"$root/scripts/demo" >"$tmp/demo.out" 2>&1 &
demo=$!
pids="$pids $demo"
listed() {
	curl -sf "http://$DEMO_HTTP/demo/h264-360p/live.m3u8" >"$tmp/live.m3u8" &&
	    [ "$(grep -c '^#EXTINF' "$tmp/live.m3u8")" -ge 4 ]
}
wait_for 40 listed; ok $? 'the demo serves four segments'

run /dev/null node "$here/play.js" "http://$DEMO_HTTP/#demo" \
    "${BROWSER_SECONDS:-30}" 720,480,360
relay 'Chromium'
playlist-gen --spool "$DEMO_DIR/spool" --vod demo; ok $? 'a recording'
run /dev/null node "$here/dvr.js" "http://$DEMO_HTTP/" demo
relay 'going back'
[ "$failed" -eq 0 ] || sed 's/^/# demo: /' "$tmp/demo.out" "$DEMO_DIR/log"

kill "$demo"
wait "$demo"; is $? 143 'SIGTERM ends the demo'
done_testing
