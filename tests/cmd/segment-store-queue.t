#!/bin/sh
# segment-store claim, done, requeue: tickets among many workers
#
# QUEUE_TEST_S makes the race last so many seconds (default: 3).
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL

# tickets STREAM FIRST-LAST: originals that wait for a rendition
tickets() {
	"$here/../heads.pl" "$LIVESPOOL_SPOOL" "$1" src 1 "$2" 10
	mkdir -p "$LIVESPOOL_SPOOL/queue"
	(cd "$LIVESPOOL_SPOOL/queue" &&
		seq -f "$1+000001+%09.0f" "${2%-*}" "${2#*-}" | xargs touch)
}
queue() { (cd "$LIVESPOOL_SPOOL/queue" && find . -type f | wc -l); }
claims() { (cd "$LIVESPOOL_SPOOL/claimed" && find . -name '*@*' | wc -l); }
seqs() { cut -f2,4 "$tmp/out" | tr -d 0 | tr '\t\n' ': '; }
store() { run /dev/null segment-store "$@"; }

cat >"$tmp/ladder.yaml" <<'END'
video:
  low:
    codec: h264
    height: 360
    bitrate: 500k
END

# --- claim
tickets a 1-4
tickets b 1-2
store claim --owner w1
status_is 0 'claim'
is "$(wc -l <"$tmp/out"), $(cut -f4 "$tmp/out")" '1, 000000001' \
	'takes the oldest of a stream'
[ -f "$(cut -f1 "$tmp/out")" ]
ok $? 'prints the line of the original'
is "$(queue) $(claims)" '5 1' 'the ticket is a claim now'
store claim --owner w2 --max 3 a
is "$(cut -f2 "$tmp/out" | sort -u)" a 'of one stream'
store claim --owner w2 --max 100
store claim --owner w3
status_is 1 'nothing is left'
is "$(cat "$tmp/out")" '' 'and nothing printed'
is "$(queue) $(claims)" '0 6' 'all are claims'

rm -rf "$LIVESPOOL_SPOOL"
tickets a 1-3
tickets b 1-3
tickets c 1-3
store claim --owner w1 --max 6
is "$(cut -f4 "$tmp/out" | tr -d '0\n')" 111222 \
	'streams take turns, each with its oldest first'
rm -rf "$LIVESPOOL_SPOOL"
tickets a 1-3
tickets b 1-3
store claim --owner w1 --max 2 --newest
is "$(cut -f4 "$tmp/out" | tr -d '0\n')" 33 'or with its newest'
rm "$LIVESPOOL_SPOOL"/queue/*
store pending --ladder "$tmp/ladder.yaml" --tickets b
is "$(cut -f4 "$tmp/out" | tr -d '0\n') $(ls "$LIVESPOOL_SPOOL/queue" | paste -sd' ')" \
	'123 b+000001+000000001 b+000001+000000002 b+000001+000000003' \
	'lost tickets are made again'
tickets d 1-1
rm "$LIVESPOOL_SPOOL/src/d/000001/000000/000000001.mp4"
store claim --owner w1 d
status_is 1 'an original that is gone'
is "$(find "$LIVESPOOL_SPOOL/queue" "$LIVESPOOL_SPOOL/claimed" -name 'd+*')" \
	'' 'takes its ticket along'

# --- done
rm -rf "$LIVESPOOL_SPOOL"
tickets a 1-2
store claim --owner w1 --max 2
cp "$tmp/out" "$tmp/claimed"
"$here/../heads.pl" "$LIVESPOOL_SPOOL" a low 1 1-1 10
run "$tmp/claimed" segment-store "done" -l "$tmp/ladder.yaml" --owner w1
status_is 1 'done: one lacks a rendition'
is "$(cd "$LIVESPOOL_SPOOL/claimed" && echo *)" 'a+000001+000000002@w1' \
	'the claim of the other is gone'

# --- requeue
store requeue --owner w2
is "$(cat "$tmp/out")" '' 'requeue of somebody else'
store requeue --owner w1
status_is 0 'requeue of an owner'
is "$(seqs)" 'a:2 ' 'prints the line of what it puts back'
is "$(queue) $(claims)" '1 0' 'which is a ticket again'
store claim --owner w1
rm "$LIVESPOOL_SPOOL/src/a/000001/000000/000000002.mp4"
store requeue --owner w1
is "$(cat "$tmp/out"), $(queue) $(claims)" ', 0 0' \
	'an original that is gone is not put back'

# --- leases
rm -rf "$LIVESPOOL_SPOOL"
tickets a 1-2
store claim --owner dead a
store claim --owner alive a
touch -d '2000-01-01' "$LIVESPOOL_SPOOL"/claimed/*alive
touch -d '2040-01-01' "$LIVESPOOL_SPOOL"/claimed/*dead
segment-store requeue --older 2s >"$tmp/back" & pid=$!
pids=$pid
while kill -0 "$pid" 2>/dev/null; do
	segment-store claim --owner alive --renew
	sleep 0.2
done
wait "$pid"
ok $? 'requeue --older'
pids=
is "$(cut -f4 "$tmp/back") $(queue) $(claims)" '000000001 1 1' \
	'puts back what was not renewed, whatever the dates are'

store claim --owner w9 --wait 300ms b
status_is 1 'claim --wait: nothing came'
segment-store claim --owner w9 --wait 20s c >"$tmp/out" & pid=$!
pids=$pid
tickets c 1-1
wait "$pid"
ok $? 'claim --wait: a ticket came'
pids=
is "$(seqs)" 'c:1 ' 'and was claimed'

# --- many workers
# worker NAME: claim and note, until there is nothing after $tmp/stop is there
worker() {
	while :; do
		stop=
		[ ! -e "$tmp/stop" ] || stop=1
		segment-store claim --owner "$1" --max 3 --wait 100ms ||
			[ -z "$stop" ] || break
	done >"$tmp/worker.$1"
}
race_s=${QUEUE_TEST_S:-3}
rm -rf "$LIVESPOOL_SPOOL"
tickets a 1-9
race=
for w in 1 2 3 4; do worker "w$w" & race="$race $!"; done
pids=$race
end=$(($(date +%s) + race_s)) next=10
while [ "$(date +%s)" -lt "$end" ]; do
	tickets a "$next-$((next + 19))"
	next=$((next + 20))
done
: >"$tmp/stop"
for pid in $race; do wait "$pid"; done
pids=
is "$(cat "$tmp"/worker.* | cut -f4 | sort | uniq -d)" '' \
	"$((next - 1)) tickets, four workers: none is claimed twice"
is "$(cat "$tmp"/worker.* | wc -l) $(queue)" "$((next - 1)) 0" \
	'and none is left'
[ "$(find "$tmp" -name 'worker.*' -size +0 | wc -l)" -gt 1 ]
ok $? 'several had some'

# --- a worker dies: what it claimed is done by another
rm -rf "$LIVESPOOL_SPOOL" "$tmp"/worker.*
tickets a 1-60
dying() {
	while segment-store claim --owner dying --max 2 >"$tmp/line"; do
		cat "$tmp/line" >>"$tmp/worker.dying"
		cut -f1 "$tmp/line" | sed 's:.*/0*::; s:\..*::' |
		while read -r seq; do	# "transcode" and tell
			"$here/../heads.pl" "$LIVESPOOL_SPOOL" a low 1 \
			    "$seq-$seq" 0
		done
		segment-store "done" -l "$tmp/ladder.yaml" --owner dying \
		    <"$tmp/line"
	done
}
dying & pid=$!
pids=$pid
wait_for 20 test -s "$tmp/worker.dying"
kill -9 "$pid"
wait "$pid" 2>/dev/null
pids=
worker other
segment-store requeue --older 100ms >"$tmp/back"
worker another
is "$(cat "$tmp/worker.other" "$tmp/worker.another" "$tmp/worker.dying" |
    cut -f4 | sort -u | wc -l)" 60 'kill -9: every ticket is claimed by somebody'
made=$(find "$LIVESPOOL_SPOOL" -name '*.m4s' | wc -l)
[ "$(cat "$tmp/worker.other" "$tmp/worker.another" | cut -f4 | sort -u | wc -l)" \
    -ge $((60 - made)) ]
ok $? 'and what was not made by the dead one by another'

# --- what was put off
rm -rf "$LIVESPOOL_SPOOL"
tickets a 1-2
mkdir -p "$LIVESPOOL_SPOOL/later"
mv "$LIVESPOOL_SPOOL/queue/a+000001+000000001" "$LIVESPOOL_SPOOL/later"
run /dev/null segment-store stat --json
jq -e '.tickets == 1 and .later == 1' "$tmp/out" >/dev/null
ok $? 'stat counts what was put off apart'
store claim --owner w1 --later
is "$(seqs) $(queue)" 'a:1  1' 'claim --later takes that'
run /dev/null segment-store 'done' --defer -l "$tmp/ladder.yaml" \
    "$LIVESPOOL_SPOOL/src/a/000001/000000/000000002.mp4"
is "$st $(queue) $(ls "$LIVESPOOL_SPOOL/later")" '0 0 a+000001+000000002' \
    'done --defer puts off what is not complete'
mv "$LIVESPOOL_SPOOL/later/a+000001+000000002" "$LIVESPOOL_SPOOL/queue"
store claim --owner w1 --later
status_is 1 'and nothing else'

# --- wrong usage
store claim
status_is 64 'claim without an owner'
store claim --owner a@b
status_is 64 'a bad name'
store requeue
status_is 64 'requeue of whom?'
for command in claim requeue; do
	store "$command" --help
	stdout_has "usage: segment-store $command" "$command --help"
done
done_testing
