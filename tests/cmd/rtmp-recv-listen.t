#!/bin/sh
# rtmp-recv: where it listens, and what it inherits.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../rtmp-server.sh"

publish() {		# publish URL: its own stream, in one go
	ffmpeg -nostdin -v error -i "$tmp/in.flv" -c copy -f flv "$1" \
	    2>"$tmp/err"
}

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=64x48:rate=25 -t 1 \
    -c:v libx264 -preset ultrafast -f flv "$tmp/in.flv" || exit 99
ipv6=
! grep -q . /proc/net/if_inet6 2>/dev/null || ipv6=1

# Addresses.

run_server -l 127.0.0.1:0 -l 127.0.0.2:0 -- sh -c 'cat >/dev/null'
is "$(echo "$ports" | wc -w)" 2 'two addresses, two ports'
publish "rtmp://127.0.0.1:${ports% *}/live/a"
ok $? 'the first one is served'
publish "rtmp://127.0.0.2:${ports#* }/live/b"
ok $? 'and the second'
stop_server
status_is 0 'the server ends'

if [ -n "$ipv6" ]; then
	run_server -l '[::1]:0' -- sh -c 'cat >/dev/null'
	publish "rtmp://[::1]:$ports/live/a"
	ok $? 'IPv6'
	wait_for 20 logged ' ends: '
	grep -q "'a': \[::1\]:[0-9]* begins" "$tmp/log"
	ok $? 'its addresses are in brackets'
	run /dev/null rtmp-recv -l "[::1]:$ports" -- true
	status_is 71 'an address in use'
	stderr_has "cannot listen on '[::1]:$ports': Address already in use" \
	    'is said to be that'
	stop_server
	run_server -l :0 -- sh -c 'cat >/dev/null'
	publish "rtmp://[::1]:$ports/live/a" &&
	    publish "rtmp://127.0.0.1:$ports/live/b"
	ok $? 'no address: both families'
	wait_for 20 logged "stream 'b': 127.0.0.1"
	ok $? 'IPv4 addresses are written as such'
	stop_server
	# Another test may happen to have that port, of IPv4.
	for _ in 1 2 3 4 5; do
		run_server -l '[::]:0' -- sh -c 'cat >/dev/null'
		run /dev/null timeout 2 rtmp-recv -l "0.0.0.0:$ports" -- true
		both=$st
		stop_server
		[ "$both" -ne 124 ] || break
	done
	st=$both
	status_is 124 '[::] leaves IPv4 to somebody else'
else
	skip 'no IPv6 here' 'IPv6'
fi

run /dev/null rtmp-recv -l 192.0.2.1:0 -- true
status_is 71 'an address of somebody else'
stderr_has "cannot listen on '192.0.2.1:0': Cannot assign requested" \
    'is not to be had'
run /dev/null rtmp-recv -l 127.0.0.1 -- true
status_is 64 'an address without a port'
# shellcheck disable=SC2046 # words
run /dev/null rtmp-recv $(printf -- '-l :0 %.0s' $(seq 17)) -- true
status_is 64 'more than 16 addresses'

# Inherited sockets.

# inherit N PROGRAM...: with N listening sockets from descriptor 3 on, as
# systemd starts a service; does not return; the ports: $tmp/inherited
inherit() {
	inherited=$1; shift
	# shellcheck disable=SC2016 # Perl
	exec perl -MIO::Socket::INET -MPOSIX -MFcntl -e '
	    my ($n, $file) = splice @ARGV, 0, 2;
	    my @s = map { IO::Socket::INET->new(Listen => 8,
	        LocalAddr => "127.0.0.1") or die } 1 .. $n;
	    open my $f, ">", $file or die;
	    print $f $_->sockport, "\n" for @s;
	    close $f;
	    # Out of the way first; what dup2() makes stays open.
	    my @high = map { fcntl($_, F_DUPFD, 40) or die } @s;
	    POSIX::close(fileno $_) for @s;
	    POSIX::dup2($high[$_], 3 + $_) or die for 0 .. $n - 1;
	    POSIX::close($_) for @high;
	    @ENV{qw(LISTEN_PID LISTEN_FDS)} = ($$, $n);
	    exec @ARGV or die' "$inherited" "$tmp/inherited" "$@"
}

# shellcheck disable=SC2016 # the handler's shell expands them
handler='cat >/dev/null; at=$0/$LIVESPOOL_STREAM
    readlink /proc/$$/fd/* >"$at.fds"; env >"$at.env"; touch "$at.done"'
: >"$tmp/ports"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj /CN=test -days 2 -keyout "$tmp/key.pem" -out "$tmp/cert.pem" \
    2>/dev/null || exit 99
LISTEN_FDNAMES=rtmp:rtmps
export LISTEN_FDNAMES
inherit 2 rtmp-recv -v --ready-fd 9 --cert "$tmp/cert.pem" \
    --key "$tmp/key.pem" -- sh -c "$handler" "$tmp" \
    9>"$tmp/ports" 2>"$tmp/log" &
server=$!
pids="$pids $server"
wait_for 20 test -s "$tmp/ports"
cmp -s "$tmp/ports" "$tmp/inherited"; ok $? 'inherited sockets are served'
{ read -r port; read -r port2; } <"$tmp/inherited"
publish "rtmp://127.0.0.1:$port/live/a"; ok $? 'the first'
wait_for 20 test -e "$tmp/a.done"
publish "rtmps://127.0.0.1:$port2/live/b"; ok $? 'and the second, as rtmps'
is "$(grep -c . "$tmp/a.fds")" 3 'a handler has three descriptors'
! grep -q LISTEN_ "$tmp/a.env"; ok $? 'and does not hear of them'
stop_server
unset LISTEN_FDNAMES

LISTEN_PID=1 LISTEN_FDS=5
export LISTEN_PID LISTEN_FDS
run_server -l 127.0.0.1:0 -- sh -c 'cat >/dev/null'
publish "rtmp://127.0.0.1:$ports/live/a"
ok $? "another process's sockets are left alone"
stop_server
unset LISTEN_PID LISTEN_FDS
# shellcheck disable=SC2016
run /dev/null sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec rtmp-recv -- true 3>"$0"' \
    "$tmp/file"
status_is 71 'a descriptor that is no socket'
stderr_has 'descriptor 3 is not a listening TCP socket' 'is said to be that'

done_testing
