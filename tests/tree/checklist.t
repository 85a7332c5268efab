#!/bin/bash
# Every line of tests/CHECKLIST names a test that says what the line says.
. "${0%/*}/../tap.sh"
cd "${0%/*}/../.." || exit 99

grep -v -e '^#' -e '^$' tests/CHECKLIST >"$tmp/lines"
while IFS=$'\t' read -r number file text; do
	[ -n "$text" ] && grep -qF -- "$text" "$file"
	ok $? "$number: $file: $text"
done <"$tmp/lines"
is "$(cut -f1 "$tmp/lines" | grep -vxE '[1-9][0-9]?|100')" '' \
	'every line begins with its number'
for number in $(seq 1 100); do
	cut -f1 "$tmp/lines" | grep -qx "$number"
	ok $? "line $number has a test"
done
done_testing
