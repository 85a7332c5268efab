#!/bin/sh
# livespool-hosts with processes in the place of connections.
. "${0%/*}/../tap.sh"
mkdir "$tmp/up" "$tmp/run"
# ssh ... -S SOCKET ... HOST: a connection while there is up/HOST; without -M,
# a command, which dies with it
cat >"$tmp/ssh" <<EOT
#!/usr/bin/perl
use strict; use warnings; use IO::Socket::UNIX;
my \$up = "$tmp/up";
my (\$at) = grep { \$ARGV[\$_] eq '-S' } 0 .. \$#ARGV;
my \$socket = \$ARGV[\$at + 1];
exit 0 if "@ARGV" =~ /-O stop/ && unlink \$socket;
unless (grep { \$_ eq '-M' } @ARGV) {
	(my \$host, @ARGV) = @ARGV[\$at + 2 .. \$#ARGV];
	\$ENV{HOST} = \$host;
	my \$child = fork || exec @ARGV;
	until (waitpid \$child, 1) {
		select undef, undef, undef, 0.05;
		next if -e "\$up/\$host";
		kill TERM => \$child;
		select undef, undef, undef, 0.05 while -e \$socket;
		exit 255;
	}
	exit \$? >> 8;
}
my \$host = \$ARGV[-1];
exit 255 unless -e "\$up/\$host";
my \$s = IO::Socket::UNIX->new(Local => \$socket, Listen => 1) or exit 255;
\$SIG{TERM} = sub { unlink \$socket; exit 255 };
select undef, undef, undef, 0.05 while -e "\$up/\$host";
unlink \$socket;
exit 255;
EOT
chmod +x "$tmp/ssh"

run /dev/null livespool-hosts "$tmp/fleet" "$tmp/run"
status_is 66 'a file that is not there'
printf '4/one # of four\n\nroot@two\n:\n-oProxyCommand=x\n' >"$tmp/fleet"
run /dev/null livespool-hosts "$tmp/fleet"
status_is 64 'a directory is wanted'

: >"$tmp/up/one"
livespool-hosts --ssh "$tmp/ssh" "$tmp/fleet" "$tmp/run" 2>"$tmp/log" &
hosts=$!
pids=$hosts
hosts_are() {
	[ "$(paste -sd' ' "$tmp/run/hosts")" = "$1" ] || return
	stat -c %Y "$tmp/run/hosts" >>"$tmp/times"
}
wait_for 20 hosts_are '4/one :'; ok $? 'those that answer'
[ -S "$tmp/run/one" ]; ok $? 'the socket has the name of the host'
: >"$tmp/up/root@two"
wait_for 20 hosts_are '4/one root@two :'; ok $? 'one comes'
rm "$tmp/up/one"
wait_for 20 hosts_are 'root@two :'; ok $? 'one goes'
: >"$tmp/up/one"
wait_for 20 hosts_are '4/one root@two :'; ok $? 'and is back'

# What runs through the connections.
there() { run /dev/null "$tmp/run/.run" "$1" -- sh -c "echo \$HOST; $2"; }
there one 'exit 255'
is "$st $(cat "$tmp/out")" '255 one' 'a command runs where it shall, and once'
there three 'exit 3'
is "$st $(grep -cE '^(one|root@two)$' "$tmp/out")" '3 1' \
    'on another host, if that one does not answer'
there one "[ \$HOST != one ] || { rm '$tmp/up/one'; sleep 60; }"
is "$st $(paste -sd' ' "$tmp/out")" '0 one root@two' \
    'again on another, if its host is gone before the end'
rm "$tmp/up/root@two"
wait_for 20 hosts_are ':'; ok $? 'this machine alone'
there one ''
is "$st $(cat "$tmp/out")" '255 ' 'is left to parallel'
: >"$tmp/up/one"
wait_for 20 hosts_are '4/one :'; ok $? 'one is back'
echo 2/one >"$tmp/new" && mv "$tmp/new" "$tmp/fleet"
wait_for 20 hosts_are 2/one; ok $? 'the file is replaced'
wait_for 20 test ! -e "$tmp/run/root@two"; ok $? 'what is not in it is let go'
rm "$tmp/up/one"
wait_for 20 grep -q 'answer: none' "$tmp/log"; ok $? 'none is told of'
hosts_are 2/one; ok $? 'but not written'
"$tmp/run/.run" one sh -c 'echo $HOST' >"$tmp/ran" &
ran=$!
pids="$pids $ran"
! wait_for 1 test -s "$tmp/ran"; ok $? 'a command waits meanwhile'
: >"$tmp/up/one"
wait "$ran"; is "$? $(cat "$tmp/ran")" '0 one' 'and is run then'
is "$(sort -nu "$tmp/times" | awk 'NR > 1 && $1 < last + 2 { n++ }
    { last = $1 } END { print n + 0, (NR > 5) }')" '0 1' \
	'parallel can see that it has changed'
is "$(grep -c "no \[SLOTS/\]\[USER@\]HOST: '-oProxyCommand=x'" "$tmp/log")" 1 \
	'what is no host is refused, once'
kill "$hosts"
wait "$hosts"; is $? 143 'SIGTERM ends it'
done_testing
