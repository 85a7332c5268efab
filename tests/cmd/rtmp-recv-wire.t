#!/bin/sh
# rtmp-recv on the wire: what encoders send, byte by byte, and what they wait
# for.  The FLV must be what they sent.
here=${0%/*}
. "$here/../tap.sh"

# shellcheck disable=SC2016 # the handler's shell expands them
saver='cat >"$0/$LIVESPOOL_STREAM.flv"; echo end >>"$0/$LIVESPOOL_STREAM.end"'
: >"$tmp/port"
rtmp-recv -v --listen 127.0.0.1:0 --ready-fd 9 --idle 3s -- \
    sh -c "$saver" "$tmp" 9>"$tmp/port" 2>"$tmp/log" &
server=$!
pids="$pids $server"
wait_for 20 test -s "$tmp/port"
read -r port <"$tmp/port"

# flow NAME: each answer as it should be
flow() {
	perl "$here/../rtmp-wire.pl" "$port" "$1" "$tmp/$1.want" \
	    >"$tmp/checks" 2>"$tmp/err"
	st=$?
	while read -r line; do
		case $line in
		ok*) ok 0 "${line#ok }" ;;
		*) ok 1 "${line#not ok }" ;;
		esac
	done <"$tmp/checks"
	[ $st -eq 0 ]; ok $? "$1: the client came to its end"
}

# publishes NAME WHAT: and the handler has what was sent, once
publishes() {
	flow "$1"
	wait_for 15 test -s "$tmp/$1.end"
	cmp "$tmp/$1.want" "$tmp/$1.flv" >"$tmp/err" 2>&1
	ok $? "$1: $2"
	is "$(wc -l <"$tmp/$1.end")" 1 "$1: published once"
}

publishes ffmpeg 'extended timestamps, repeated, in large chunks'
publishes obs 'audio, video and data on one chain of deltas'
publishes gstreamer 'a clock that steps back, small chunks'
publishes librtmp-old 'extended timestamps that are not repeated'
publishes at-once 'everything in one segment; chunk streams of 3 bytes'
publishes byte-by-byte 'the same in segments of a byte'
publishes controls 'aborted, interleaved, aggregate; chunks of 1 byte to 2 GB'
publishes enhanced 'media untouched, up to 16777215 bytes'
publishes trickle 'each message, as soon as it was sent'
publishes deaf 'a client that reads nothing at all'
publishes ends-fin 'a closed connection'
publishes ends-rst 'a reset connection'
publishes ends-thrice 'FCUnpublish, deleteStream twice, closeStream'
publishes ends-silent 'silence'

flow bad-name
flow no-name
flow rejected
flow type-3
is "$(find "$tmp" -name '*.flv' | wc -l)" 14 'nothing else was published'
! grep -q 'error:' "$tmp/log"; ok $? 'and no error is in the log'

# FFmpeg's player checks the digests of S1 and S2 before it asks for anything.
ffmpeg -nostdin -v verbose -i "rtmp://127.0.0.1:$port/live/x" -f null - \
    2>"$tmp/ffmpeg"
grep -q 'this server does not play' "$tmp/ffmpeg"
ok $? 'a player is content with the digests, and hears that nothing is played'

kill "$server"
st=0; wait "$server" || st=$?
status_is 0 'the server ends'
done_testing
