#!/bin/sh
# rtmp-recv: how it ends, and how the next server takes its place.
#
# HANDOVER_PUBLISHERS: how many publish during the upgrade (default: 5)
here=${0%/*}
. "$here/../tap.sh"
publishers=${HANDOVER_PUBLISHERS:-5}

# begin N OPTION...: server number N; sets $server; its log is $tmp/log.N
begin() {
	id=$1; shift
	: >"$tmp/ports.$id"
	rtmp-recv -v --ready-fd 9 "$@" 9>"$tmp/ports.$id" \
	    >"$tmp/out.$id" 2>"$tmp/log.$id" &
	server=$!
	pids="$pids $server"
}
start() {		# the same, and it listens; sets $port
	begin "$@"
	wait_for 10 test -s "$tmp/ports.$id"
	read -r port <"$tmp/ports.$id"
}

ended() {		# ended PID: sets $st
	st=0
	wait "$1" || st=$?
}

# publish NAME [INPUT-OPTION...]: as it is, to the end
publish() {
	name=$1; shift
	ffmpeg -nostdin -v error "$@" -i "$tmp/in.flv" -c copy -flvflags \
	    no_duration_filesize -f flv "rtmp://127.0.0.1:$port/live/$name" \
	    2>"$tmp/ffmpeg.$name"
}

logged() { grep -qF -- "$2" "$tmp/log.$1"; }
log_has() {		# log_has SERVER TEXT NAME
	logged "$1" "$2"; ok $? "$3"
	logged "$1" "$2" || sed 's/^/# /' "$tmp/log.$1"
}
begins() { cat "$tmp"/log.* | grep -c 'begins to publish'; }
publishing() { [ "$(begins)" -ge "$1" ]; }

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=64x48:rate=25 \
    -t $((4 + publishers * publishers / 40)) \
    -c:v libx264 -preset ultrafast -g 25 -f flv "$tmp/in.flv" || exit 99
# The server announces audio and video, whatever comes.
ffmpeg -nostdin -v error -i "$tmp/in.flv" -c copy -flvflags \
    no_duration_filesize -f flv - | tail -c +14 >"$tmp/want"

mkdir "$tmp/flv"
# shellcheck disable=SC2016 # the handler's shell expands them
saver='cat >"$0/.$LIVESPOOL_STREAM.$$"
    mv "$0/.$LIVESPOOL_STREAM.$$" "$0/$LIVESPOOL_STREAM"'

# Draining.

start drain -l 127.0.0.1:0 --drain 30s -- sh -c "$saver" "$tmp/flv"
publish a -re -t 1 & pub=$!
pids="$pids $pub"
wait_for 30 publishing 1
kill "$server"
refused() { ! bash -c ": <>/dev/tcp/127.0.0.1/$port" 2>/dev/null; }
wait_for 30 refused; ok $? '--drain: nobody new after SIGTERM'
ended "$pub"
status_is 0 'but the publisher goes on to its end'
ended "$server"
status_is 0 'and then the server ends'
test -s "$tmp/flv/a"; ok $? 'with its handler'

start short -l 127.0.0.1:0 --drain 200ms -- sh -c "$saver" "$tmp/flv"
publish b -re & pub=$!
pids="$pids $pub"
wait_for 30 publishing 2
kill "$server"
ended "$server"
status_is 0 'the publisher has no more than its time'
ended "$pub"
[ $st -ne 0 ] && test -s "$tmp/flv/b"; ok $? 'and its handler what came'

start asks -l 127.0.0.1:0 --drain 20s \
    --reconnect-url rtmp://b.example/live -- sh -c "$saver" "$tmp/flv"
perl "$here/../rtmp.pl" "$port" move d >"$tmp/moved" & pub=$!
perl "$here/../rtmp.pl" "$port" move e "$tmp/draining" >"$tmp/later" & late=$!
pids="$pids $pub $late"
wait_for 30 logged asks 'begins to publish'
wait_for 30 test -e "$tmp/draining.connected"
kill "$server"
ended "$pub"
is "$(cat "$tmp/moved")" rtmp://b.example/live \
    'who understands it is asked to go elsewhere'
touch "$tmp/draining"
ended "$late"
is "$(cat "$tmp/later")" rtmp://b.example/live \
    'and who begins to publish meanwhile'
ended "$server"
status_is 0 'and goes'

start twice -l 127.0.0.1:0 --drain 60s -- sh -c "$saver" "$tmp/flv"
publish c -re & pub=$!
pids="$pids $pub"
wait_for 30 publishing 5
kill "$server"
wait_for 30 refused
kill "$server"
ended "$server"
status_is 75 'a second SIGTERM does not wait'
ended "$pub"

# An upgrade with everybody publishing.

socket=$tmp/control
start old -l 127.0.0.1:0 --handover "$socket" -- sh -c "$saver" "$tmp/flv"
old=$server
is "$(stat -c %a "$socket")" 600 'the socket is for the owner alone'
before=$(begins) senders=
for i in $(seq "$publishers"); do
	publish "s$i" -re & senders="$senders $!"
done
# Somebody connects all the time, and must never be refused.
# shellcheck disable=SC2016 # the inner shell expands them
bash -c 'until [ -e "$1/stop" ]; do
	    { : <>"/dev/tcp/127.0.0.1/$0"; } 2>/dev/null || echo refused
	    sleep 0.01
    done' "$port" "$tmp" >"$tmp/refused" & knocker=$!
pids="$pids $senders $knocker"
wait_for $((30 + publishers)) publishing $((before + publishers))
start new --handover "$socket" -- sh -c "$saver" "$tmp/flv"
new=$server
is "$(cat "$tmp/ports.new")" "$(cat "$tmp/ports.old")" \
    'the next server has the same sockets'
wait_for 30 logged old 'handed over'
log_has old "handed over: $publishers publishers go on here" \
    'the old one keeps its publishers'
publish late; ok $? 'who comes now is served'
wait_for 30 logged new "stream 'late'"
log_has new "stream 'late': 127.0.0.1" 'by the new one'
lost=0
for pid in $senders; do wait "$pid" || lost=$((lost + 1)); done
touch "$tmp/stop"
is "$lost" 0 "no publisher of $publishers is dropped"
ended "$old"
status_is 0 'and when they are through the old one ends'
is "$(wc -l <"$tmp/refused")" 0 'no connection was refused'
whole=0
for i in $(seq "$publishers"); do
	! tail -c +14 "$tmp/flv/s$i" | cmp -s - "$tmp/want" ||
	    whole=$((whole + 1))
done
is "$whole" "$publishers" 'every stream is whole'
is "$(grep -c warning: "$tmp/log.old")" 1 'and nothing to complain of'

# One that fails before it is ready.

run /dev/null rtmp-recv --handover "$socket" --keys "$tmp/none" -- true
status_is 66 'a newcomer that fails'
wait_for 30 logged new 'has gone'
log_has new 'the other server has gone: this one goes on' 'is noticed'
publish still; ok $? 'and the server there goes on'

# And again; then the one that has it dies.

start third --handover "$socket" -- sh -c "$saver" "$tmp/flv"
third=$server
ended "$new"
status_is 0 'the next one takes over in its turn'
kill -STOP "$third"
begin fourth -l "127.0.0.1:$port" --handover "$socket" -- \
    sh -c "$saver" "$tmp/flv"
waits() { [ "$(grep -c "$socket" /proc/net/unix)" -ge 2 ]; }
wait_for 30 waits; ok $? 'a server that does not answer is waited for'
kill -KILL "$third"
ended "$third" 2>/dev/null
wait_for 10 test -s "$tmp/ports.fourth"
publish again; ok $? 'when the old one dies half-way, the new one listens itself'
is "$(stat -c %a "$socket")" 600 'with a socket of its own'
kill "$server"
ended "$server"
status_is 0 'and ends'
test ! -e "$socket"; ok $? 'with its socket'

# The command line.

run /dev/null rtmp-recv --handover "$tmp/none/socket" -l 127.0.0.1:0 -- true
status_is 73 'no directory for the socket'
run /dev/null rtmp-recv --handover "/$(printf '%0108d' 0)" -- true
status_is 64 'a path too long for a socket'
echo file >"$tmp/file"
run /dev/null timeout 5 rtmp-recv --handover "$tmp/file" -l 127.0.0.1:0 -- true
status_is 73 'something else there'
is "$(cat "$tmp/file")" file 'stays'

done_testing
