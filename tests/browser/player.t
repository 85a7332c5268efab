#!/bin/bash
# The player page in a browser, over a stream that ffmpeg makes by itself.
. "${0%/*}/../tap.sh"
here=$(cd "${0%/*}" && pwd)

. "$here/relay.sh"
need_browser ffmpeg
need_page

run /dev/null node "$here/modules.js" "$page"
relay 'modules'
mkdir "$tmp/www"
node "$here/server.js" "$tmp/www" "$page" >"$tmp/url" & pids="$pids $!"
node "$here/publish.js" "$tmp/www/cam" & publisher=$!
pids="$pids $publisher"
wait_for 20 test -s "$tmp/url"; ok $? 'the server is up'
wait_for 20 test -e "$tmp/www/cam/h264-144p/00003.m4s"
ok $? 'the stream is up'
url=$(cat "$tmp/url")

run /dev/null node "$here/play.js" "$url#cam" 10 144,240
relay 'hls.js'
grep -q '"engine":"hls"' "$tmp/out"; ok $? 'hls.js: it was hls.js'

run /dev/null node "$here/play.js" "$url#cam" 1 1080
is "$st" 1 'a picture of another height is noticed'

# A stall is noticed: the publisher leaves while a long watch goes on.
: >"$tmp/out"
node "$here/play.js" "$url#cam" 8 144,240 >"$tmp/out" 2>"$tmp/err" &
watcher=$!
pids="$pids $watcher"
wait_for 40 grep -q '^ok 1 ' "$tmp/out"
ok $? 'playback starts, then the publisher leaves'
kill "$publisher"
wait "$watcher"; is $? 1 'a stall is noticed'
grep -q '^not ok .* no stall' "$tmp/out"; ok $? 'a stall is reported'

mkdir "$tmp/scratch"
run /dev/null node "$here/page.js" "$page" "$tmp/scratch"
relay 'page'
done_testing
