#!/bin/sh
# livespool-hosts with processes in the place of connections.
. "${0%/*}/../tap.sh"
mkdir "$tmp/up" "$tmp/run"
# ssh ... -S SOCKET ... HOST: a connection while there is up/HOST
cat >"$tmp/ssh" <<EOT
#!/usr/bin/perl
use strict; use warnings; use IO::Socket::UNIX;
my %o = map { \$ARGV[\$_] eq '-S' ? (S => \$ARGV[\$_ + 1]) : () } 0 .. \$#ARGV;
my \$host = \$ARGV[-1];
exit 0 if "@ARGV" =~ /-O stop/ && unlink \$o{S};
exit 255 unless -e "$tmp/up/\$host";
my \$s = IO::Socket::UNIX->new(Local => \$o{S}, Listen => 1) or exit 255;
\$SIG{TERM} = sub { unlink \$o{S}; exit 255 };
select undef, undef, undef, 0.05 while -e "$tmp/up/\$host";
unlink \$o{S};
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
hosts_are() { [ "$(paste -sd' ' "$tmp/run/hosts")" = "$1" ]; }
wait_for 20 hosts_are '4/one :'; ok $? 'those that answer'
[ -S "$tmp/run/one" ]; ok $? 'the socket has the name of the host'
: >"$tmp/up/root@two"
wait_for 20 hosts_are '4/one root@two :'; ok $? 'one comes'
rm "$tmp/up/one"
wait_for 20 hosts_are 'root@two :'; ok $? 'one goes'
: >"$tmp/up/one"
wait_for 20 hosts_are '4/one root@two :'; ok $? 'and is back'
echo 2/one >"$tmp/new" && mv "$tmp/new" "$tmp/fleet"
wait_for 20 hosts_are 2/one; ok $? 'the file is replaced'
wait_for 20 test ! -e "$tmp/run/root@two"; ok $? 'what is not in it is let go'
rm "$tmp/up/one"
wait_for 20 grep -q 'answer: none' "$tmp/log"; ok $? 'none is told of'
hosts_are 2/one; ok $? 'but not written'
is "$(grep -c "no \[SLOTS/\]\[USER@\]HOST: '-oProxyCommand=x'" "$tmp/log")" 1 \
	'what is no host is refused, once'
kill "$hosts"
wait "$hosts"; is $? 143 'SIGTERM ends it'
done_testing
