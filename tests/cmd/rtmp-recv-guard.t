#!/bin/bash
# rtmp-recv: who may publish, and what strangers can take away.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../rtmp-server.sh"

# hold NAME: publish until let_go; sets $holder and descriptor 7
hold() {
	rm -f "$tmp/held" "$tmp/holder"
	mkfifo "$tmp/holder"
	perl "$client" "$port" hold "$1" <"$tmp/holder" >"$tmp/held" &
	holder=$!
	pids="$pids $holder"
	exec 7>"$tmp/holder"
	wait_for 20 test -s "$tmp/held"
}
let_go() { exec 7>&-; wait "$holder"; }

discard='cat >/dev/null'

# A second publisher.

start_server --on-busy refuse --max 2 -- sh -c "$discard"
hold x
is "$(cut -d' ' -f1 "$tmp/held")" NetStream.Publish.Start 'one publishes'
try x
is "$code" NetStream.Publish.BadName 'refuse: the second one is refused'
log_has 'publish refused: the stream is in use' 'and the log says so'
kill -0 "$holder" && ! grep -qE "stream 'x': .*(lost|ends|taken)" "$tmp/log"
ok $? 'the first one is untouched'
try y
is "$code" NetStream.Publish.Start 'another stream is free'
wait_for 20 logged "stream 'y': connection lost"
let_go
wait_for 20 logged "stream 'x': connection lost"
try x
is "$code" NetStream.Publish.Start 'and so is the stream afterwards'
stop_server

start_server --max 1 -- sh -c "$discard"
hold x
try y
is "$code" NetStream.Failed 'more than --max are refused'
log_has 'publish refused: too many publishers' 'and the log says so'
for i in 1 2 3; do
	old=$holder
	hold x
	is "$(cut -d' ' -f1 "$tmp/held")" NetStream.Publish.Start "takeover $i"
	kill "$old"; wait "$old" 2>/dev/null
done
try x
is "$code" NetStream.Publish.BadName 'the fourth in 30 s is refused'
log_has 'the stream was taken over too often' 'and the log says so'
kill -0 "$holder"; ok $? 'the third goes on'
let_go
stop_server

run /dev/null rtmp-recv --on-busy nonsense
status_is 64 'another word for --on-busy is wrong usage'

# Wrong keys.

hash=$(echo right | rtmp-recv --hash-key)
printf 'streams:\n  cam1: %s\n' "$hash" >"$tmp/keys.yaml"
start_server --keys "$tmp/keys.yaml" -- sh -c "$discard"
slow=
for i in 1 2 3 4 5; do
	try "wrong$i"
	[ "$code" = NetStream.Publish.Denied ] || code_bad=$code
	slow="$slow ${took%.*}"
done
is "${code_bad-}$slow" ' 0 0 0 1 2' 'wrong keys are answered ever later'
try right
is "$code ${took%.*}" 'NetStream.Publish.Start 0' 'the right one at once'
try wrong 127.0.0.2
is "$code ${took%.*}" 'NetStream.Publish.Denied 0' \
    'and so are other addresses'
perl "$client" "$port" try wrong6 >"$tmp/out" & waiting=$!
pids="$pids $waiting"
bad_keys() { [ "$(grep -c 'bad key' "$tmp/log")" -ge "$1" ]; }
wait_for 20 bad_keys 7
kill "$waiting"; wait "$waiting" 2>/dev/null
connections() { ss -tnH state established "sport = :$port" | wc -l; }
no_connections() { [ "$(connections)" -eq 0 ]; }
if command -v ss >/dev/null; then
	wait_for 4 no_connections
	ok $? 'who does not wait for the answer is forgotten at once'
fi
stop_server
status_is 0 'the server ends'

# Other keys.

start_server --keys "$tmp/keys.yaml" -- sh -c "$discard"
hold right
echo 'streams: nonsense' >"$tmp/keys.yaml"
kill -HUP "$server"
wait_for 20 logged 'the old keys stay'
log_has 'keys.yaml:1:10: ' 'a bad file is refused, with its line'
try 'other?key=right'
is "$code" NetStream.Publish.Denied 'the old keys hold: not another name'
echo 'streams: {}' >"$tmp/keys.yaml"
kill -HUP "$server"
wait_for 20 logged '0 keys from'
try right
is "$code" NetStream.Publish.Denied 'a key that is gone publishes no more'
kill -0 "$holder" && ! grep -qE "stream 'cam1': .*(lost|ends|taken)" "$tmp/log"
ok $? 'who publishes is not dropped by any of that'
let_go
stop_server
printf 'streams:\n  cam1: %s\n' "$hash" >"$tmp/keys.yaml"

# The log under many of them.

start_server --keys "$tmp/keys.yaml" -- sh -c "$discard"
perl "$client" "$port" keys 200 1 127.0.0.3 >"$tmp/out"
is "$(grep -c 'bad key' "$tmp/log")" 50 'the log has 50 lines of 200'
wait_for 8 logged 'more connections that did not publish, in 5 s'
log_has 'more connections that did not publish, in 5 s' \
    'and then how many more there were'
stop_server

# Connections that do not publish.

start_server --max-per-address 5 --publish 300ms -- sh -c "$discard"
hold x
mkfifo "$tmp/more"
perl "$client" "$port" half 8 <"$tmp/more" >"$tmp/ready" & crowd=$!
pids="$pids $crowd"
exec 6>"$tmp/more"
wait_for 20 test -s "$tmp/ready"
made_room() {
	[ "$(grep -c 'closed to make room: too many connections of this' \
	    "$tmp/log")" -eq 3 ]
}
wait_for 20 made_room; ok $? 'the oldest make room for new ones'
try y
is "$code" NetStream.Publish.Start 'of which one may publish'
kill -0 "$holder" && ! grep -q "stream 'x'.*lost" "$tmp/log"
ok $? 'who publishes stays'
exec 6>&-
wait "$crowd"
let_go
{ printf '\003'; head -c 3072 /dev/zero; } >"$tmp/mute"
timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"; cat "$2" >&3; cat <&3' \
    mute "$port" "$tmp/mute" >/dev/null
log_has 'no publish in 0.3 s' 'who does not publish is closed'
stop_server

# Descriptors.

: >"$tmp/port"
(ulimit -n 40 && exec rtmp-recv -v --listen 127.0.0.1:0 --ready-fd 9 -- \
    sh -c "$discard") 9>"$tmp/port" >/dev/null 2>"$tmp/log" &
server=$!
pids="$pids $server"
wait_for 20 test -s "$tmp/port"
read -r port <"$tmp/port"
hold x
perl "$client" "$port" half 60 <"$tmp/more" >"$tmp/ready" & crowd=$!
pids="$pids $crowd"
exec 6>"$tmp/more"
wait_for 20 logged 'closed to make room: too few descriptors'
log_has 'closed to make room: too few descriptors' \
    'without descriptors the oldest make room'
try y
is "$code" NetStream.Publish.Start 'one of them may publish'
! grep -q 'Too many open files' "$tmp/log"; ok $? 'nothing fails for want of one'
exec 6>&-
wait "$crowd"
let_go
stop_server
status_is 0 'and the server ends in order'

# 266 strangers may be there: a flood of them does not drive out who is past
# the handshake.
start_server --max 10
perl "$client" "$port" move late "$tmp/late" >"$tmp/moved" & late=$!
pids="$pids $late"
wait_for 20 test -e "$tmp/late.connected"
mkfifo "$tmp/flood"
perl "$client" "$port" half 400 spread <"$tmp/flood" >"$tmp/ready" & flood=$!
pids="$pids $flood"
exec 6>"$tmp/flood"
wait_for 30 grep -q ready "$tmp/ready"
wait_for 20 logged 'closed to make room: too many connections'
touch "$tmp/late"
wait_for 20 logged "stream 'late': 127.0.0.1:"
log_has "stream 'late': 127.0.0.1:" 'a flood does not drive out who shook hands'
exec 6>&-
kill "$late"
stop_server

done_testing
