#!/bin/sh
# Two hosts on one network file system claim tickets of one queue: each is
# done once; and none is lost when one of the hosts dies.
#
# HOSTS_TEST_S: seconds for each of the two (default: 4).
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=$(cd "${0%/*}" && pwd)
. "$here/../hosts.sh"
in_namespaces "$0" "$@"
. "$here/../tap.sh"
missing=$(share_missing)
[ -z "$missing" ] || { echo "1..0 # SKIP $missing"; exit 0; }
{ hosts 2 && share; } >"$tmp/up" 2>&1 || {
	sed 's/^/# /' "$tmp/up"
	echo '1..0 # SKIP the shared file system did not come up'
	exit 0
}
LIVESPOOL_SPOOL=$tmp/shared/spool
export LIVESPOOL_SPOOL PATH tmp here
seconds=${HOSTS_TEST_S:-4}
on_timeout=$((seconds + 60))

cat >"$tmp/ladder.yaml" <<'END'
video:
  low: {codec: h264, height: 360, bitrate: 500k}
END
# What runs on the hosts.  worker NAME: claim, make the renditions, say done,
# until there is nothing left after $tmp/stop is there.
cat >"$tmp/worker" <<'END'
#!/bin/sh
cd "$tmp" || exit 1
while :; do
	stop=
	[ ! -e stop ] || stop=1
	if ! segment-store claim --owner "$1" --max 4 --wait 200ms \
	    >"line.$1"; then
		[ -z "$stop" ] || exit 0
		continue
	fi
	cut -f4 "line.$1" | sed 's/^0*//' | while read -r seq; do
		"$here/../heads.pl" "$LIVESPOOL_SPOOL" cam low 1 "$seq-$seq" 0
	done
	segment-store "done" -l ladder.yaml --owner "$1" <"line.$1" &&
		cat "line.$1" >>"done.$1"
done
END
# feed: twenty tickets a second, until the time is over
cat >"$tmp/feed" <<'END'
#!/bin/sh
next=1
end=$(($(date +%s) + $1))
while [ "$(date +%s)" -lt "$end" ]; do
	"$here/../heads.pl" "$LIVESPOOL_SPOOL" cam src 1 "$next-$((next + 9))" 10
	seq -f "$LIVESPOOL_SPOOL/queue/cam+000001+%09.0f" "$next" $((next + 9)) |
		xargs touch
	next=$((next + 10))
	echo $((next - 1)) >"$tmp/fed"
	sleep 0.5
done
END
chmod +x "$tmp/worker" "$tmp/feed"

# race: the tickets and two workers on each host, in the background
race() {
	rm -rf "$LIVESPOOL_SPOOL"
	mkdir -p "$LIVESPOOL_SPOOL/queue" "$LIVESPOOL_SPOOL/claimed"
	rm -f "$tmp/stop" "$tmp"/done.* "$tmp"/line.*
	workers=
	for w in 1.a 1.b 2.a 2.b; do
		on "${w%.*}" "$tmp/worker" "$w" & workers="$workers $!"
	done
	pids="$pids $workers"
	"$tmp/feed" "$seconds" & feed=$!
	pids="$pids $feed"
}
left() { find "$LIVESPOOL_SPOOL/queue" "$LIVESPOOL_SPOOL/claimed" -name 'cam+*'; }
made() { find "$LIVESPOOL_SPOOL/www" -name '*.m4s' | wc -l; }

race
wait "$feed"
: >"$tmp/stop"
for pid in $workers; do wait "$pid"; done
fed=$(cat "$tmp/fed")
is "$(cat "$tmp"/done.* | cut -f4 | sort | uniq -d | wc -l)" 0 \
	"$fed tickets, two hosts: none is done twice"
is "$(cat "$tmp"/done.* | wc -l) $(made)" "$fed $fed" 'all are done'
is "$(left)" '' 'none is left'
is "$(cat "$tmp"/done.1.* 2>/dev/null | wc -l | grep -c '^0')$(
	cat "$tmp"/done.2.* 2>/dev/null | wc -l | grep -c '^0')" 00 \
	'both hosts had some'

race
wait_for 30 test -s "$tmp/done.2.a"
ok $? 'again, and the second host works'
wait_for 30 sh -c 'ls "$LIVESPOOL_SPOOL"/claimed/*@2.* || test -s "$tmp/line.2.a"'
host_kill 2
echo "# killed: it had done $(cat "$tmp"/done.2.* | wc -l)"
wait "$feed"
while [ -n "$(left)" ]; do	# what it had comes back when its lease is over
	segment-store requeue --older 1s >>"$tmp/back"
	[ $((tries = ${tries:-0} + 1)) -lt 30 ] || break
done
: >"$tmp/stop"
for pid in $workers; do wait "$pid" 2>/dev/null; done
fed=$(cat "$tmp/fed")
echo "# back from the dead: $(grep -c '' "$tmp/back")"
is "$(made) $(left)" "$fed " "$fed tickets, one host dies: all are done"
done_testing
