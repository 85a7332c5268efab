#!/bin/sh
# segment-store verify: finds every kind of damage, and moves it aside
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL

heads() { "$here/../heads.pl" "$LIVESPOOL_SPOOL" "$@"; }
fresh() {
	rm -rf "$LIVESPOOL_SPOOL"
	mkdir -p "$LIVESPOOL_SPOOL/queue"
	heads cam src 1 1-9 10
	heads cam low 1 1-9 10
}
src() { echo "$LIVESPOOL_SPOOL/src/cam/000001/000000/00000000$1.mp4"; }
low() { echo "$LIVESPOOL_SPOOL/www/cam/low/000001/000000/00000000$1.m4s"; }
verify() { run /dev/null segment-store verify "$@"; }
# What was found: SEQ:RENDITION:FINDING ...
found() {
	sed 's:^.*/\(src\|www\)/.*/0*\([^/]*\)\.\(mp4\|m4s\)	\([a-z]*\)	.*:\2-\1-\4:' \
	    "$tmp/out" | paste -sd' ' -
}
flip() {		# flip FILE OFFSET: one bit
	perl -e 'open my $f, "+<", $ARGV[0] or die; seek $f, $ARGV[1], 0;
	    read $f, my $c, 1; seek $f, $ARGV[1], 0; print $f $c ^ "\1"' "$@"
}

fresh
verify
status_is 0 'a spool that is well'
is "$(cat "$tmp/out" "$tmp/err")" '' 'nothing is said'

# --- every kind of damage
flip "$(src 1)" 999			# the last byte
flip "$(src 2)" 60			# the info box
truncate -s 900 "$(src 3)"
cp "$(src 5)" "$(src 4)"		# another number
: >"$(src 5)"
heads other src 1 6-6 10
cp "$LIVESPOOL_SPOOL/src/other/000001/000000/000000006.mp4" "$(src 6)"
flip "$(low 7)" 500
cp "$(low 9)" "$(low 8)"
verify --dry-run cam
status_is 65 'damaged originals'
is "$(found)" '1-src-damaged 2-src-damaged 3-src-damaged 4-src-damaged 5-src-damaged 6-src-damaged 7-www-damaged 8-www-damaged' \
	'bit rot, cuts and swaps are found'
[ -e "$(src 1)" ] && [ ! -e "$LIVESPOOL_SPOOL/quarantine" ]
ok $? '--dry-run moves nothing'
verify --json --dry-run -r low cam
status_is 1 'of a rendition, renditions alone'
jq -se 'length == 2 and .[0].finding == "damaged" and
    (.[0].path | endswith("/000000007.m4s")) and (.[0].reason | length) > 9' \
	"$tmp/out" >/dev/null
ok $? 'as JSON'
verify --seq 3-4
is "$(found)" '3-src-quarantined 4-src-quarantined' 'of some numbers'
stderr_has 'original quarantined: ' 'originals are told aloud'
verify
status_is 65 'the rest'
is "$(found)" '1-src-quarantined 2-src-quarantined 5-src-quarantined 6-src-quarantined 7-www-quarantined 8-www-quarantined' \
	'is moved'
is "$(cd "$LIVESPOOL_SPOOL/quarantine" && find . -type f | wc -l)" 8 \
	'into the quarantine'
[ -s "$LIVESPOOL_SPOOL/quarantine/src/cam/000001/000000/000000001.mp4" ]
ok $? 'under the path that each had'
[ ! -e "$(src 1)" ] && [ ! -e "$(low 7)" ]
ok $? 'and is not there any more'
is "$(cd "$LIVESPOOL_SPOOL/queue" && echo *)" \
	'cam+000001+000000007 cam+000001+000000008' \
	'what lacks a rendition now has a ticket'
verify
status_is 0 'then all is well'
flip "$(low 9)" 500
verify
heads cam low 1 9-9 10
flip "$(low 9)" 500
verify
is "$(cd "$LIVESPOOL_SPOOL/quarantine/www/cam/low/000001/000000" &&
    echo 000000009*)" '000000009.m4s 000000009.m4s.1' \
	'nothing in the quarantine is overwritten'

# --- the newest original
fresh
flip "$(src 9)" 999
verify
status_is 65 'the newest original is damaged'
is "$(found)" 9-src-damaged 'it is told'
[ -e "$(src 9)" ]
ok $? 'and stays, as numbers go on behind it'

# --- init segments
fresh
rm "$LIVESPOOL_SPOOL/www/cam/low/init-000001.mp4"
verify
status_is 1 'an init segment is missing'
is "$(cut -f1,2 "$tmp/out")" "$LIVESPOOL_SPOOL/www/cam/low/init-000001.mp4	missing" \
	'and named'
fresh
flip "$LIVESPOOL_SPOOL/www/cam/low/init-000001.mp4" 20
verify
status_is 1 'an init segment is damaged'
is "$(cut -f2 "$tmp/out")" quarantined 'and moved'

# --- what cannot be read is not judged
fresh
rm "$(src 3)" "$(low 4)"
mkdir "$(src 3)"
mkdir "$(low 4)"
verify -r low
status_is 74 'a rendition that cannot be read'
is "$(cut -f2 "$tmp/out")" unreadable 'is told'
[ -d "$(low 4)" ]
ok $? 'and left'

# --- slowly
fresh
start=$(date +%s%N)
verify --rate 9k -r src
status_is 0 'verify --rate'
[ $((($(date +%s%N) - start) / 1000000)) -ge 990 ]
ok $? 'reads 9000 bytes in a second'
verify nosuch
status_is 66 'a stream that is not there'
verify --rate fast
status_is 64 'a rate that is none'
verify --help
stdout_has 'usage: segment-store verify' '--help'
done_testing
