#!/bin/bash
# make install puts everything where packagers expect it; uninstall removes it.
. "${0%/*}/../tap.sh"
cd "${0%/*}/../.." || exit 99
[ -x build/bin/segment-store ] || {
	echo '1..0 # SKIP no release build'
	exit 0
}
unset MAKEFLAGS MAKELEVEL SAN

run /dev/null make install DESTDIR="$tmp/root" PREFIX=/usr
status_is 0 'make install'
for name in $(basename -a -s .c cmd/*.c) $(basename -a scripts/livespool-*); do
	[ -x "$tmp/root/usr/bin/$name" ]; ok $? "$name is installed"
	[ -f "$tmp/root/usr/share/man/man1/$name.1" ]
	ok $? "$name.1 is installed"
done
[ -f "$tmp/root/usr/share/livespool/player/index.html" ]
ok $? 'the player is installed'
doc=$tmp/root/usr/share/doc/livespool/examples
grep -q '^ExecStart=/usr/bin/livespool-workers ' \
    "$doc/systemd/livespool-workers.service"
ok $? 'the units are, with the right paths'
[ -f "$doc/crontab" ] && [ -f "$doc/hosts" ] && [ -f "$doc/nginx/front.conf" ]
ok $? 'and the other examples'
run /dev/null env PATH="$tmp/root/usr/bin:/usr/bin:/bin" livespool-live --version
status_is 0 'the installed programs find each other'
run /dev/null make uninstall DESTDIR="$tmp/root" PREFIX=/usr
status_is 0 'make uninstall'
is "$(find "$tmp/root" -type f)" '' 'no file is left'
done_testing
