#!/bin/bash
# Every program and script has a --help, a --version, a man page and a test;
# every header compiles alone; lib/ layers point left only.
. "${0%/*}/../tap.sh"
cd "${0%/*}/../.." || exit 99

documented() {		# documented NAME: man page, lint, options, test
	page=$(find man -name "$1.[1-9]")
	[ -n "$page" ]; ok $? "$1 has a man page"
	mandoc -T lint -W warning "$page" >"$tmp/err" 2>&1
	ok $? "$1: its man page is clean"
	for option in $(sed -n 's/^  *\(-., \)*--\([a-z-]*\).*/\2/p' "$tmp/help" |
	    sort -u); do
		mandoc -T ascii "$page" 2>/dev/null | sed "s/.\x08//g" |
			grep -q -- "--$option"
		ok $? "$1: its man page has --$option"
	done
	ls tests/*/"$1"*.t >/dev/null 2>&1; ok $? "$1 has a test"
}

for name in $(basename -a -s .c cmd/*.c) $(basename -a scripts/livespool-*); do
	run /dev/null "$name" --help
	status_is 0 "$name --help"
	grep -q "^usage: $name" "$tmp/out"; ok $? "$name --help shows the usage"
	[ "$(wc -l <"$tmp/out")" -le 45 ]; ok $? "$name --help is short"
	cp "$tmp/out" "$tmp/help"
	run /dev/null "$name" --version
	status_is 0 "$name --version"
	grep -qE "^$name \(livespool\) [0-9]+\.[0-9]+\.[0-9]+$" "$tmp/out"
	ok $? "$name --version names the program and the version"
	run /dev/null "$name" --no-such-option
	status_is 64 "$name refuses an unknown option"
	documented "$name"
done

is "$(find tests -name '*.t' -type f ! -executable)" '' \
	'every test can be run'
for page in man/*.[57]; do
	mandoc -T lint -W warning "$page" >"$tmp/err" 2>&1
	ok $? "$page is clean"
done

for header in lib/*/*.h; do
	printf '#include "%s"\n' "${header#lib/}" >"$tmp/header.c"
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -Ilib -fsyntax-only -Wall -Werror \
	    "$tmp/header.c" 2>"$tmp/err"
	ok $? "$header compiles alone"
done

# layer DIR ALLOWED: what lib/DIR includes with quotes is in ALLOWED
layer() {
	grep -hoE '#include "[a-z0-9_]+/' lib/"$1"/*.[ch] |
		grep -vE "\"($2)/" | sort -u >"$tmp/err"
	[ ! -s "$tmp/err" ]; ok $? "lib/$1 includes from $2 only"
}
layer base 'base'
layer media 'base|media'
layer net 'base|media|net'
layer store 'base|media|store'
done_testing
