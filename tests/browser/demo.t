#!/bin/bash
# Headless Chromium plays the demo's page, from a real encoder through every
# program.  BROWSER_SECONDS: how long it is watched.
. "${0%/*}/../tap.sh"
. "${0%/*}/../pipe/path.sh"
here=$(cd "${0%/*}" && pwd)
root=$(cd "$here/../.." && pwd)

for need in node "${CHROMIUM:-/usr/bin/chromium}"; do
	command -v "$need" >/dev/null || {
		printf '1..0 # SKIP no %s\n' "$need"
		exit 0
	}
done
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
while IFS= read -r line; do
	case $line in
	'ok '*) ok 0 "${line#* - }" ;;
	'not ok '*) ok 1 "${line#* - }" ;;
	*) printf '# %s\n' "$line" ;;
	esac
done <"$tmp/out"
status_is 0 'Chromium plays the demo'
[ "$failed" -eq 0 ] || sed 's/^/# demo: /' "$tmp/demo.out" "$DEMO_DIR/log"

kill "$demo"
wait "$demo"; is $? 143 'SIGTERM ends the demo'
done_testing
