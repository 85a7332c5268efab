#!/bin/bash
# livespool-workers over ssh: three hosts, of which one is unplugged, one is
# killed, and both come back.  With a spool that they do not see; and with one
# that they share, on MooseFS, into which livespool-mirror copies what comes in,
# and whose metadata server hangs for a while, too.
#
# FLEET_STREAMS and FLEET_SECONDS make it longer (default: 2 streams, 14 s; the
# long form is 10 and 120).
# FLEET_BOUND: no fragment is done later, in seconds (default: 15, which is what
# livespool-workers(1) says).
here=${0%/*}
. "$here/../hosts.sh"
in_namespaces "$0" "$@"
. "$here/../tap.sh"
streams=${FLEET_STREAMS:-2} seconds=${FLEET_SECONDS:-14}
bound=${FLEET_BOUND:-15}

hosts 3 >"$tmp/up" 2>&1; ok $? 'three hosts' || exit
ssh="ssh -F $net/ssh_config"
mkdir "$tmp/clip"
ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=160x90:rate=10 \
    -t "$seconds" -c:v libx264 -preset ultrafast -g 10 -f flv - |
    fragment-split >"$tmp/clip/all"
segment-store put --spool "$tmp/cut" c <"$tmp/clip/all" >"$tmp/clip/lines"
cat >"$tmp/ladder.yaml" <<'EOT'
video:
  small: {codec: h264, height: 90, quality: 28, cap: 300k, preset: ultrafast}
  tiny: {codec: h264, height: 48, quality: 28, cap: 300k, preset: ultrafast}
EOT

# A fragment a second, as from fragment-split, until the clip is over.
publish() {
	cut -f1 "$tmp/clip/lines" | while read -r path; do
		cat "$path"
		sleep 1
	done | segment-store put --spool "$ingest" "$1" >/dev/null
}
all_there() {
	[ "$(find "$LIVESPOOL_SPOOL/src" -name '[0-9]*.mp4' | wc -l)" -eq \
	    $((streams * seconds)) ] &&
	    [ -z "$(segment-store pending --ladder "$tmp/ladder.yaml")" ]
}
# When originals came in and renditions were made: lines "PATH SECONDS".
times() {
	(cd "$ingest" && find src -name '[0-9]*.mp4' -printf '%p %T@\n' &&
	    cd "$LIVESPOOL_SPOOL" && find www -name '[0-9]*.m4s' -printf '%p %T@\n')
}
# The longest time between two originals of a stream, in ms.
stall_ms() {
	times | grep ^src | sort | awk '{ split($1, p, "/") }
	    p[2] == stream && $2 - at > w { w = $2 - at }
	    { stream = p[2]; at = $2 } END { printf "%d\n", 1000 * w }'
}
# The longest time from an original to its last rendition, in ms.
worst_ms() {
	times | awk '
	    { n = split($1, p, "/"); seq = p[n]; sub(/\..*/, "", seq) }
	    p[1] == "src" { made[p[2] seq] = $2 }
	    p[1] == "www" && $2 > last[p[2] seq] { last[p[2] seq] = $2 }
	    END { for (k in made) if (last[k] - made[k] > w) w = last[k] - made[k]
		printf "%d\n", 1000 * w }'
}

# fleet NAME SPOOL OPTION...: the hosts work, and go, and come back; $ingest is
# the spool that is published to, if it is another
fleet() {
	local name=$1 i
	shift
	export LIVESPOOL_SPOOL=$1
	shift
	: "${ingest:=$LIVESPOOL_SPOOL}"
	mkdir -p "$LIVESPOOL_SPOOL"/{src,www,queue}
	printf '2/h%d\n' 1 2 >"$tmp/hosts"
	livespool-workers --ladder "$tmp/ladder.yaml" --ssh "$ssh" \
	    --sshloginfile "$tmp/hosts" "$@" >"$tmp/lines.$name" \
	    2>"$tmp/log.$name" &
	workers=$!
	pids="$pids $workers"
	begun=$(date +%s)
	publishers=
	for i in $(seq "$streams"); do
		publish "s$i" &
		publishers="$publishers $!"
	done
	at 1 8
	echo '2/h3' >>"$tmp/hosts"	# joins while all runs
	at 2 8; host_unplug 1
	at 4 8; host_kill 2
	at 5 8; hang STOP; sleep 2; hang CONT
	at 6 8; host_plug 1; host_start 2
	# shellcheck disable=SC2086 # numbers
	wait $publishers
	wait_for 60 all_there; ok $? "$name: every rendition is made"
	worst=$(worst_ms)
	printf '# %s: worst delay %d ms\n' "$name" "$worst"
	stall=$(stall_ms)
	printf '# %s: publishers waited %d ms at most\n' "$name" "$stall"
	[ "$stall" -lt 2500 ]; ok $? "$name: publishers do not wait for anything"
	[ "$worst" -le $((bound * 1000)) ]
	ok $? "$name: none later than $bound s"
	for i in $(seq "$streams"); do
		playlist-gen --vod "s$i" 2>>"$tmp/err"
		for r in small tiny; do
			is "$(grep -c '\.m4s' "$LIVESPOOL_SPOOL/www/s$i/$r/vod.m3u8") $(
			    grep '\.m4s' "$LIVESPOOL_SPOOL/www/s$i/$r/vod.m3u8" |
			    sort | uniq -d | wc -l)" "$seconds 0" \
			    "$name: s$i/$r: each fragment once"
		done
	done
	[ -s "$tmp/lines.$name" ]; ok $? "$name: lines of what was made come home"
	for i in 1 2 3; do
		wait_for 20 up "$i"; ok $? "$name: h$i answers at the end"
	done
	kill "$workers"
	wait "$workers"; is $? 0 "$name: SIGTERM ends it with status 0"
	sed 's/^/# /' "$tmp/log.$name" | tail -n 12
}
# at N M: N parts in M of the clip have been published
at() { until [ $(($(date +%s) - begun)) -ge $((seconds * $1 / $2)) ]; do sleep 0.1; done; }
# hang STOP|CONT: what the shared file system needs to do anything
hang() {
	# shellcheck disable=SC2086 # numbers
	[ -z "$server" ] || kill "-$1" $server
}
up() { grep answer "$tmp/log.$name" | tail -n 1 | grep -q "h$1"; }

ingest='' server=''
fleet apart "$tmp/spool" --transfer
is "$(find "$net"/tmp[13] -mindepth 1 | wc -l)" 0 'nothing is left on the hosts'
missing=$(share_missing)
if [ -n "$missing" ]; then
	skip "$missing" 'a spool that the hosts share'
elif ! share >"$tmp/up" 2>&1; then
	sed 's/^/# /' "$tmp/up"
	skip 'the file system did not come up' 'a spool that the hosts share'
else
	ingest=$tmp/ingest
	mkdir -p "$ingest"/{src,queue} "$tmp/shared/spool"/{src,www,queue}
	livespool-mirror --spool "$ingest" --to "$tmp/shared/spool" \
	    >/dev/null 2>"$tmp/log.mirror" &
	mirror=$!
	pids="$pids $mirror"
	server=$(pgrep -x mfsmaster)
	fleet shared "$tmp/shared/spool"
	kill "$mirror"
	wait "$mirror"; is $? 0 'the mirror ends with status 0'
	sums() { (cd "$1/www" && find . -name '*.m[4p][s4]' | sort | xargs sha256sum); }
	[ "$(sums "$tmp/spool")" = "$(sums "$tmp/shared/spool")" ]
	ok $? 'the bytes are the same'
fi
done_testing
