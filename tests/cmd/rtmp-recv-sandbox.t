#!/bin/bash
# rtmp-recv: which rights it has given up, and who has them.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../rtmp-server.sh"

field() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$2/status"; }
hash_of() { printf '%s\n' "$1" | rtmp-recv --hash-key; }
keys() { printf 'streams:\n  cam: %s\n' "$(hash_of "$1")"; }

chmod 755 "$tmp"
mkdir "$tmp/conf" "$tmp/conf/old" "$tmp/conf/new" "$tmp/save"
chmod 777 "$tmp/save"
keys one >"$tmp/conf/old/keys.yaml"
keys two >"$tmp/conf/new/keys.yaml"
ln -s old "$tmp/conf/now"
ln -s now/keys.yaml "$tmp/conf/keys.yaml"

# shellcheck disable=SC2016 # the handler's shell expands them
handler='cat >/dev/null
grep -E "^(Uid|NoNewPrivs|Seccomp):" /proc/self/status >"$0/status.$LIVESPOOL_STREAM"
sleep 300 & wait'
start_server --keys "$tmp/conf/keys.yaml" -- sh -c "$handler" "$tmp/save"
if grep -q 'not in a sandbox' "$tmp/log"; then
	ok 0 'the loop is in a sandbox # SKIP the kernel, or a sanitizer'
else
	is "$(field Seccomp "$server") $(field NoNewPrivs "$server")" '2 1' \
	    'the loop is in a sandbox'
fi
try one
is "$code" NetStream.Publish.Start 'it publishes'
wait_for 20 test -s "$tmp/save/status.cam"
is "$(awk '$1 == "Seccomp:" || $1 == "NoNewPrivs:" { print $2 }' \
	"$tmp/save/status.cam" | tr -d '\n')" 00 'the handler is in none'

ln -sfn new "$tmp/conf/now"
kill -HUP "$server"
wait_for 20 grep -q "1 keys from" "$tmp/log"
ok $? 'keys are read again'
# The old handler sleeps: a takeover kills it, from inside the sandbox.
try two
is "$code" NetStream.Publish.Start 'the new ones, that a link led to'
wait_for 10 grep -q 'did not end in 5 s: killed' "$tmp/log"
ok $? 'and what hangs is killed'
pkill -KILL -P "$(pgrep -P "$server" -x rtmp-recv)"
stop_server
is "$st" 0 'it ends in order'

start_server -- sh -c "$handler" "$tmp/save"
kill -KILL "$(pgrep -P "$server" -x rtmp-recv)"
st=0
wait "$server" || st=$?
status_is 71 'without the process that starts programs it ends'
cp "$tmp/log" "$tmp/err"
stderr_has 'the process that starts programs is gone' 'and says why'

# A busy machine takes its time to start a program.
# shellcheck disable=SC2016 # the handler's shell expands it
start_server -- sh -c 'cat >"$0/flv.$LIVESPOOL_STREAM"' "$tmp/save"
ffmpeg -nostdin -v error -re -f lavfi -i testsrc2=s=320x240:r=25 \
    -c:v libx264 -preset ultrafast -tune zerolatency -f flv "$url/a" \
    2>"$tmp/ffmpeg" & pub=$!
pids="$pids $pub"
wait_for 20 test -s "$tmp/save/flv.a"
starter=$(pgrep -P "$server" -x rtmp-recv)
kill -STOP "$starter"
perl "$client" "$port" try b >"$tmp/b" & other=$!
pids="$pids $other"
has_grown() { [ "$(stat -c %s "$tmp/save/flv.a")" -gt $((had + 50000)) ]; }
had=$(stat -c %s "$tmp/save/flv.a")
wait_for 20 has_grown
ok $? 'a stream goes on while the handler of the next is started'
is "$(cat "$tmp/b")" '' 'which waits for it'
kill -CONT "$starter"
wait "$other"
grep -q NetStream.Publish.Start "$tmp/b"; ok $? 'and then publishes'
kill "$pub"
wait "$pub" 2>/dev/null
stop_server

if [ "$(id -u)" -eq 0 ]; then
	start_server --user nobody -- sh -c "$handler" "$tmp/save"
	is "$(field Uid "$server")" "$(id -u nobody)" '--user: who it is'
	try nobody1
	wait_for 20 test -s "$tmp/save/status.nobody1"
	is "$(awk '$1 == "Uid:" { print $2 }' "$tmp/save/status.nobody1")" \
	    "$(id -u nobody)" 'and who its handlers are'
	pkill -KILL -P "$(pgrep -P "$server" -x rtmp-recv)"
	stop_server
else
	ok 0 '--user # SKIP not root'
fi
run /dev/null rtmp-recv --listen 127.0.0.1:0 --user no.such.user -- cat
status_is 64 'no such user'
stderr_has "no user 'no.such.user'" 'is named'
done_testing
