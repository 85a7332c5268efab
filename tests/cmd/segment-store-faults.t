#!/bin/sh
# segment-store put: every call that fails, kill -9 and a power cut anywhere
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
faults=$BIN/../tests/faults.so
[ -e "$faults" ] || { echo '1..0 # SKIP no faults.so: make tests'; exit 0; }
export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0

ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=10 -t 3 \
    -c:v libx264 -preset ultrafast -g 10 -keyint_min 10 -sc_threshold 0 \
    -video_track_timescale 90000 -f mp4 \
    -movflags frag_keyframe+empty_moov+default_base_moof - |
    "$here/../as-fragments" >"$tmp/three"
[ -s "$tmp/three" ] || { echo 'Bail out! no clip'; exit 99; }

# whole TOP: each original below it is as it was sealed
whole() {
	find "$1" -name '[0-9]*.mp4' -exec perl -I"$here/.." -MFragment \
	    -e 'local $/; for (@ARGV) { open my $f, "<:raw", $_; my $w =
	    Fragment::trouble(<$f> // ""); print "$_: $w\n", exit 1 if $w }' \
	    {} +
}
# printed TOP: each path in $tmp/out, which begins with $tmp/top, is in TOP
printed() {
	cut -f1 "$tmp/out" | while read -r path; do
		cmp -s "$path" "$1${path#"$tmp/top"}" || exit 1
	done
}
# put_at N FAULT [NAME]: into an empty spool, the Nth call fails
put_at() {
	rm -rf "$tmp/top" "$tmp/log" "$tmp/cut"
	mkdir "$tmp/top"
	run "$tmp/three" env LD_PRELOAD="$faults" FAULT_AT="$1" FAULT="$2" \
	    ${3:+FAULT_ONLY="$3"} ${OPLOG:+OPLOG="$OPLOG"} \
	    segment-store put --spool "$tmp/top/spool" --wait "${WAIT:-0s}" cam
}

# --- each call fails once, with each error: status, and what was printed
# ENOSPC EIO EDQUOT are waited for; EROFS and EACCES are not
for fault in 28=75 5=75 122=75 30=73 13=73; do
	bad='' ats='2 6'
	[ "$fault" != 28=75 ] || ats='1 2 3 4 5 6 7 8 9'
	for call in write fsync linkat; do
		for at in $ats; do
			put_at $at "${fault%=*}" $call
			# The first syncs are those of the spool itself.
			if [ "$st" -ne 0 ] && [ "$st" -ne "${fault#*=}" ] &&
			    ! grep -q "cannot sync '" "$tmp/err"; then
				bad="$bad $call:$at=$st"
			fi
			[ "$st" -eq 0 ] || grep -q "$tmp/top/spool" \
			    "$tmp/err" || bad="$bad $call:$at=silent"
			{ whole "$tmp/top" && printed "$tmp/top"; } ||
			    bad="$bad $call:$at=lost"
		done
	done
	is "$bad" '' "errno ${fault%=*}: status, a message, nothing lost"
done
for call in write linkat; do
	WAIT=9s put_at 2 28 $call
	is "$st,$(cut -f4 "$tmp/out" | paste -sd' ' -)" \
	    '0,000000001 000000002 000000003' "$call fails once: all is stored"
done

# --- killed, and the power cut, at the Nth call
bad='' at=0 st=137
OPLOG=$tmp/log
while [ "$st" -eq 137 ] && [ "$at" -lt 300 ]; do
	at=$((at + 1))
	put_at $at kill
	"$here/../powercut" "$tmp/log" "$tmp/top" "$tmp/cut"
	for top in "$tmp/cut" "$tmp/top"; do
		{ whole "$top" && printed "$top"; } || bad="$bad $at"
		segment-store put --spool "$top/spool" cam <"$tmp/three" \
		    >"$tmp/more" || bad="$bad $at:again"
		segment-store ls --spool "$top/spool" cam >"$tmp/all" &&
		    cut -f4 "$tmp/all" | sort -uC &&
		    [ "$(tail -n3 "$tmp/all")" = "$(cat "$tmp/more")" ] ||
		    bad="$bad $at:order"
	done
done
is "$bad" '' "kill and power cut at $at calls: what was printed is there, whole"
is "$st" 0 'up to the end'
[ "$at" -gt 20 ]
ok $? 'there were enough'
done_testing
