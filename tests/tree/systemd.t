#!/bin/bash
# The units in examples/systemd are what systemd takes, start what there is, and
# leave their services few rights.
. "${0%/*}/../tap.sh"
cd "${0%/*}/../.." || exit 99

mkdir "$tmp/units"
for unit in examples/systemd/*.{service,socket,timer}; do
	sed "s,/usr/local/bin,$BIN," "$unit" >"$tmp/units/${unit##*/}"
done
for unit in "$tmp"/units/*.service; do
	name=${unit##*/}
	exec=$(sed -n 's/^ExecStart=//p' "$unit")
	read -r program args <<<"$exec"
	[ -x "$program" ]; ok $? "$name: $program"
	# What is behind -- is another program's.
	"$program" --help >"$tmp/help"
	# Some are those of a command of segment-store.
	case $name in
	livespool-expire.*|livespool-verify.*)
		command=${name#livespool-}
		segment-store "${command%.*}" --help >>"$tmp/help" ;;
	esac
	unknown=
	for option in $(grep -oE -- '--[a-z][a-z-]*' <<<"${args%% -- *}"); do
		grep -qE -- "(^|[ ,])$option( |\$)" "$tmp/help" ||
			unknown="$unknown $option"
	done
	is "$unknown" '' "$name: its options are options of $program"
done
if ! command -v systemd-analyze >/dev/null; then
	skip 'no systemd-analyze' 'systemd takes the units'
	done_testing
	exit
fi
run /dev/null systemd-analyze verify --man=no "$tmp"/units/*
status_is 0 'systemd takes the units'
is "$(cat "$tmp/err")" '' 'without a word'
for unit in "$tmp"/units/*.service; do
	# In tenths: 10.0 is what a service without any protection has.
	run /dev/null systemd-analyze security --offline=true --threshold=30 \
	    "$unit"
	status_is 0 "${unit##*/}: exposed to 3.0 at most"
done
if [ "$(id -u)" -ne 0 ]; then
	skip 'not root' 'the user and the directories'
else
	mkdir -p "$tmp/root/etc"
	run /dev/null systemd-sysusers --root="$tmp/root" \
	    "$PWD/examples/systemd/livespool.sysusers"
	status_is 0 'the user'
	run /dev/null systemd-tmpfiles --root="$tmp/root" --create \
	    "$PWD/examples/systemd/livespool.tmpfiles"
	status_is 0 'the directories'
	is "$(stat -c %a "$tmp/root/srv/live/src" "$tmp/root/srv/live/www" |
	    paste -sd' ' -)" '750 755' 'originals are for nobody else'
fi
done_testing
