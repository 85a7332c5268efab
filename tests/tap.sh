# shellcheck shell=sh
# Sourced by shell tests.  Prints TAP; knows nothing about the tools.
#
# $BIN is the directory of the programs under test; $tmp a scratch directory
# of the test's own, removed at the end together with what still runs in the
# background (names in $pids).
set -u
n=0 failed=0 pids=
: "${BIN:?set BIN to the directory of the programs}"
PATH=$BIN:$PATH
# Not every service manager sets it.
unset SHELL
tmp=$(mktemp -d) || exit 99

cleanup() {
	for pid in $pids; do kill "$pid" 2>/dev/null || :; done
	rm -rf -- "$tmp"
}
trap cleanup EXIT
trap 'exit 143' INT TERM

ok() {			# ok STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$n" "$2"
	else
		failed=$((failed + 1))
		printf 'not ok %d - %s\n' "$n" "$2"
		[ ! -s "$tmp/err" ] || sed 's/^/# stderr: /' "$tmp/err"
		# prove says only how many failed.
		printf '# %s: not ok %d - %s\n' "$0" "$n" "$2" >&2
	fi
}

skip() {		# skip REASON NAME
	n=$((n + 1))
	printf 'ok %d - %s # SKIP %s\n' "$n" "$2" "$1"
}

# A terminal can be had: not in a chroot without /dev/pts.
has_terminal() { script -qec true /dev/null >/dev/null 2>&1; }

run() {			# run INPUT CMD...: sets $st, fills $tmp/out $tmp/err
	run_in=$1; shift
	st=0
	"$@" <"$run_in" >"$tmp/out" 2>"$tmp/err" || st=$?
}

# wait_for SECONDS CMD...: until CMD succeeds; fails when the time is over.
# What is looked for in a file that a program in the background has just been
# given must not be there from before: the program may open it later.
wait_for() {
	wait_end=$(($(date +%s) + $1)); shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$wait_end" ] || return 1
		sleep 0.05
	done
}

status_is() { [ "$st" -eq "$1" ]; ok $? "$2 (status $1, got $st)"; }
stdout_is() { cmp -s -- "$1" "$tmp/out"; ok $? "$2"; }
stdout_has() { grep -qF -- "$1" "$tmp/out"; ok $? "$2"; }
stderr_has() { grep -qF -- "$1" "$tmp/err"; ok $? "$2"; }
is() {			# is GOT WANT NAME
	[ "$1" = "$2" ] || printf '# got: %s, want: %s\n' "$1" "$2"
	[ "$1" = "$2" ]; ok $? "$3"
}
done_testing() { printf '1..%d\n' "$n"; [ "$failed" -eq 0 ]; }
