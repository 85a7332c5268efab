#!/bin/sh
# livespool-archive and livespool-restore: what is due moves, killed at any
# call nothing is lost, and it comes back the same.  The store is a directory
# here; tests/pipe/livespool-archive.t has a real one.
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
DAY=86400
store=$tmp/store spool=$tmp/spool
LIVESPOOL_SPOOL=$spool STORE=$store CALLS=$tmp/calls
export LIVESPOOL_SPOOL STORE CALLS tmp

# As much of s3cmd as is used: whole objects, or none.
mkdir "$tmp/bin"
cat >"$tmp/bin/s3cmd" <<'EOT'
#!/bin/sh
set -eu
words=
while [ $# -gt 0 ]; do
	case $1 in
	-c|--mime-type) shift ;;
	-*[a-z]) ;;
	*) words="$words $1" ;;
	esac
	shift
done
set -- $words
[ ! -e "$STORE.down" ] || { echo 'ERROR: [Errno 111] refused' >&2; exit 111; }
case $1 in
ls)	dir=$STORE/${2#s3://}
	[ ! -d "$dir" ] || find "$dir" -name '*.tar' |
	    sed "s,^$STORE/,2026-11-27 08:23 1  s3://," ;;
put)	to=$STORE/${3#s3://}
	mkdir -p "${to%/*}"
	[ ! -e "$to" ] || { echo "twice: $to" >&2; exit 1; }
	cp "$2" "$STORE.part" && mv "$STORE.part" "$to" ;;
get)	cat "$STORE/${2#s3://}" ;;
esac
EOT
chmod +x "$tmp/bin/s3cmd"
PATH=$tmp/bin:$PATH
# The same names in front of them count the calls, and kill everybody before
# the one asked for.
mkdir "$tmp/kill"
for name in s3cmd segment-store livespool-expire stat; do
	cat >"$tmp/kill/$name" <<EOT
#!/bin/sh
echo >>"\$CALLS"
[ "\$(wc -l <"\$CALLS")" -ne "\$KILL_AT" ] || kill -KILL 0
exec $(command -v "$name") "\$@"
EOT
done
chmod +x "$tmp"/kill/*

# Six of 18 to 29 to a keyframe, across two directories; three young ones.
both() {
	for rendition in src low; do
		"$here/../heads.pl" "$tmp/all" cam "$rendition" "$@"
	done
}
both 3 989-1006 $((9 * DAY)) 6
both 4 1007-1009 10
mkdir "$tmp/all/queue"
fresh() { rm -rf "$spool" "$store"; cp -a "$tmp/all" "$spool"; : >"$CALLS"; }
archive() {
	run /dev/null livespool-archive --store s3://bucket/tv --age 7d \
	    --force "$@"
}
restore() { run /dev/null livespool-restore --store s3://bucket/tv "$@"; }
# left: the numbers of originals and renditions
left() {
	(cd "$spool" && find src www -name '0*.m[p4][4s]' |
	    sed 's:/.*/0*:/:; s/\..*//' | sort -t/ -k1,1 -k2n | paste -sd' ' -)
}
objects() { (cd "$store/bucket/tv" && find cam -name '*.tar' | sort); }
young='src/1007 src/1008 src/1009 www/1007 www/1008 www/1009'

fresh
: >"$store.down"
archive
is "$st $(left | wc -w)" '69 42' 'a store that is down: nothing happens'
rm "$store.down"
archive
status_is 0 'livespool-archive'
is "$(left)" "$young" 'what is due is gone here'
is "$(objects | sed 's/\.20[0-9]*T[0-9]*Z-20[0-9]*T[0-9]*Z\.tar$//' |
	paste -sd' ' -)" \
	'cam/000000/low/000000989-000001000 cam/000000/src/000000989-000001000 cam/000001/low/000001001-000001006 cam/000001/src/000001001-000001006' \
	'an object for each rendition of a thousand, cut at a keyframe'
objects | sed 's,^,s3://bucket/tv/,' | sort >"$tmp/want"
sort -o "$tmp/out" "$tmp/out"
stdout_is "$tmp/want" 'their names are printed'
date=$(date -u -d "$((9 * DAY)) seconds ago" +%Y%m%dT)
objects | grep -q "000000989-000001000\.${date}[0-9]*Z-${date}[0-9]*Z\.tar"
ok $? 'which say when they arrived'
tar xf "$store/bucket/tv/$(objects | grep 1/src)" -C "$tmp" &&
	diff "$tmp/src/cam/000003/000001/000001003.mp4" \
	"$tmp/all/src/cam/000003/000001/000001003.mp4" >"$tmp/err"
ok $? 'tar reads them'

# --- what is not here is no error anywhere
segment-store stat >"$tmp/stat" 2>"$tmp/err" &&
	grep -q '^cam' "$tmp/stat" && [ ! -s "$tmp/err" ]
ok $? 'stat counts what is left'
cat >"$tmp/ladder.yaml" <<'EOT'
video:
  low: {codec: h264, height: 360, bitrate: 500k}
EOT
run /dev/null segment-store pending --ladder "$tmp/ladder.yaml"
is "$st $(cat "$tmp/out" "$tmp/err")" '0 ' 'nothing is pending'
run /dev/null segment-store verify
is "$st $(cat "$tmp/out" "$tmp/err")" '0 ' 'nothing is damaged or missing'
run /dev/null playlist-gen --vod cam
is "$st $(grep -c EXTINF "$spool/www/cam/low/vod.m3u8")" '0 3' \
	'a VOD playlist has what is left'
archive
is "$st $(cat "$tmp/out" "$tmp/err")" '0 ' 'once more: nothing to do'

# --- back
restore --seq 1003 -r src -n cam
is "$st $(cat "$tmp/out")" \
	"0 s3://bucket/tv/$(objects | grep 1/src)" 'restore --dry-run'
restore --from "@$(($(date +%s) - 10 * DAY))" --to -8d -n cam
is "$(wc -l <"$tmp/out")" 4 'by date'
restore --from -8d -n cam
is "$st $(cat "$tmp/err")" \
	'1 livespool-restore: error: the store has nothing of this' \
	'what is not in the store'
restore --seq 1002- cam
is "$st $(cut -f4,5 "$tmp/out" | tr '\t\n' ': ' | tr -d 0)" \
	'0 11:low 12:low 13:low 14:low 15:low 16:low 11:src 12:src 13:src 14:src 15:src 16:src ' \
	'what comes back is printed, originals last'
restore cam
status_is 0 'all of it'
diff -r "$tmp/all/src" "$spool/src" >"$tmp/err" &&
    diff -r -x vod.m3u8 -x main.m3u8 "$tmp/all/www" "$spool/www" >>"$tmp/err"
ok $? 'the same bytes'
archive
is "$st $(left | wc -w)" '0 42' 'what was just brought back stays'
find "$spool" -name '0*9*.m*' -o -name '0*10*.m*' | while read -r file; do
	touch -r "$tmp/all/${file#"$spool/"}" "$file"
done
archive
is "$st $(left) $(cat "$tmp/out")" "0 $young " \
	'and later goes without being sent again'

# --- killed before every second call, or ARCHIVE_STEP=1: each
step=${ARCHIVE_STEP:-2}
calls=$((1 - step)) lost=0 stuck=0
while :; do
	calls=$((calls + step))
	fresh
	PATH=$tmp/kill:$PATH KILL_AT=$calls setsid -w livespool-archive \
	    --store s3://bucket/tv --age 7d --force cam >"$tmp/killed" 2>&1
	killed=$?
	[ "$killed" -eq 137 ] || break
	rm -rf "$tmp/seen"
	cp -a "$spool" "$tmp/seen"
	[ ! -d "$store" ] || find "$store" -name '*.tar' \
	    -exec tar xf {} -C "$tmp/seen" \;
	diff -r -x vod.m3u8 -x main.m3u8 -x index "$tmp/all" "$tmp/seen" \
	    >>"$tmp/lost" || lost=$((lost + 1))
	# Some of what is in the store was removed before the end.
	[ $((calls / 2 % 2)) -eq 0 ] || [ ! -d "$store" ] || {
		find "$store" -name '*.tar' -exec tar tf {} \; | grep -v init |
		    head -n 7 | (cd "$spool" && xargs -r rm -f)
	}
	archive
	rm -rf "$tmp/seen"
	mkdir "$tmp/seen"
	find "$store" -name '*.tar' -exec tar xf {} -C "$tmp/seen" \;
	[ "$st" -eq 0 ] && [ "$(left)" = "$young" ] &&
	[ "$(find "$tmp/seen" -name '0*.m*' | wc -l)" -eq 36 ] || {
		stuck=$((stuck + 1)) && cat "$tmp/err" >>"$tmp/lost"
	}
done
[ "$killed" -eq 0 ] && [ "$calls" -gt 20 ]; ok $? "killed before its calls, $calls of them"
cp "$tmp/lost" "$tmp/err"
is "$lost" 0 'nothing is lost'
is "$stuck" 0 'the next run ends what was begun'

# --- a store that is not what it was
fresh
archive
object=$store/bucket/tv/$(objects | grep 0/src)
rm -rf "$spool"
cp -a "$tmp/all" "$spool"
printf x | dd of="$object" bs=1 seek=3000 conv=notrunc 2>/dev/null
archive
status_is 65 'bit rot in the store'
stderr_has "${object#"$store/bucket/tv/"}' is not what is here" 'is named'
is "$(left | tr ' ' '\n' | grep -c '/9')" 22 'and nothing of it goes'
is "$(left | tr ' ' '\n' | grep -c '/100[1-6]')" 0 'the others do'
rm -rf "$spool" "$store/bucket/tv/cam/000001"
"$here/../heads.pl" "$spool" cam src 3 989-1006 $((9 * DAY)) 3
"$here/../heads.pl" "$spool" cam src 4 1007-1007 10
mkdir "$spool/queue" "$spool/www"
archive
is "$st $(left | tr ' ' '\n' | grep -c '/9')" '65 11' \
	'another spool under the same name: nothing goes'

for program in livespool-archive livespool-restore; do
	run /dev/null $program cam
	status_is 64 "$program: no store"
	run /dev/null $program --store s3://b/x --config "$tmp/none" --age 1d \
	    --force cam
	[ "$st" -ne 0 ]; ok $? "$program: no configuration"
done
archive --store "s3://b c"
status_is 64 'no URL of a store'
run /dev/null livespool-archive --store s3://b --age 1d cam
status_is 64 'without a ladder'
restore --from yesterday cam
status_is 64 'a bad time'
restore
status_is 64 'restore: no stream'
archive nosuch
status_is 66 'a stream that is not there'
done_testing
