#!/bin/bash
# make demo, as the README says it, and Ctrl-C.
. "${0%/*}/../tap.sh"
. "${0%/*}/path.sh"
root=$(cd "${0%/*}/../.." && pwd)
export DEMO_DIR="$tmp/demo" DEMO_RTMP="127.0.0.1:$(free_port)"
DEMO_HTTP="127.0.0.1:$(free_port)"
export DEMO_HTTP
unset LIVESPOOL_SPOOL

run /dev/null env DEMO_SECONDS=8 "$root/scripts/demo"
status_is 0 'the demo serves segments'
stdout_has "Watch:        http://$DEMO_HTTP/" 'it says what to watch'
stdout_has "rtmp://$DEMO_RTMP/live" 'and where to publish'
[ "$(grep -c '^ *[0-9]* s ' "$tmp/out")" -ge 6 ]
ok $? 'and one status line a second'
awk '/ pending$/ { n++; if ($(NF - 1) > 100) bad = 1 }
    END { exit bad || n == 0 }' "$tmp/out"
ok $? 'with as much pending as there can be'
none_left() { ! pgrep -f "$DEMO_DIR"; }
wait_for 20 none_left; ok $? 'it leaves no process behind'

# Workers that fall behind: here for ever, from the fourth fragment on.
mkdir "$tmp/slow"
cat >"$tmp/slow/transcode-job" <<EOT
#!/bin/sh
case \$* in *00000[1-3].mp4*) exec "$BIN/transcode-job" "\$@" ;; esac
exit 75
EOT
chmod +x "$tmp/slow/transcode-job"
run /dev/null env PATH="$tmp/slow:$PATH" DEMO_SECONDS=13 "$root/scripts/demo"
status_is 0 'and when later ones are listed as gaps'

set -m			# a process group of its own, as in a terminal
: >"$tmp/out"
# Whoever runs the tests may ignore SIGINT.
env --default-signal=INT "$root/scripts/demo" >"$tmp/out" 2>"$tmp/err" </dev/null &
demo=$!
set +m
wait_for 20 grep -q '^ *[0-9]* s ' "$tmp/out"; ok $? 'it runs until told'
kill -INT -- -"$demo"
wait "$demo"; is $? 130 'Ctrl-C ends it'
grep -E 'starting it again|still running' "$DEMO_DIR/log" >"$tmp/err"
[ $? -eq 1 ]; ok $? 'in order: no stage went before its time'
wait_for 10 none_left; ok $? 'and leaves no process behind'

run /dev/null env DEMO_SECONDS=5 DEMO_ENCODER=none "$root/scripts/demo"
[ "$st" -ne 0 ]; ok $? 'without segments its status is not 0'
run /dev/null env DEMO_SECONDS=soon "$root/scripts/demo"
status_is 64 'a bad DEMO_SECONDS is wrong usage'
done_testing
