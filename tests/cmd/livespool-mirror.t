#!/bin/sh
# livespool-mirror: in order, through kills and stalls, and nothing twice
#
# MIRROR_SECONDS: how long two streams are published (default: 6).
# shellcheck disable=SC2154 # tmp and st are tap.sh's
. "${0%/*}/../tap.sh"
seconds=${MIRROR_SECONDS:-6}
a=$tmp/a b=$tmp/b
LIVESPOOL_SPOOL=$a
export LIVESPOOL_SPOOL

run /dev/null livespool-mirror
status_is 64 'no spool to copy to'
run /dev/null livespool-mirror --to "$b" --keep soon
status_is 64 'a time that is none'
run /dev/null livespool-mirror --to "$b"
status_is 66 'no spool to copy'
mkdir -p "$a/src" "$b/src" "$a/queue"
run /dev/null livespool-mirror --to "$a"
status_is 64 'a spool into itself'
run /dev/null livespool-mirror --to "$b" ../etc
status_is 64 'no stream'

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=64x48:rate=10 -t 60 \
    -c:v libx264 -preset ultrafast -g 10 -f flv - | fragment-split >"$tmp/clip"
segment-store put --spool "$tmp/cut" c <"$tmp/clip" >"$tmp/cut.lines"
# publish STREAM: ten fragments a second
publish() {
	head -n $((10 * seconds)) "$tmp/cut.lines" | cut -f1 |
	    while read -r path; do
		cat "$path"
		sleep 0.1
	done | segment-store put "$1" >"$tmp/put.$1"
}
mirror() {
	livespool-mirror --to "$b" >>"$tmp/lines" 2>>"$tmp/log" &
	mirror=$!
	pids="$pids $mirror"
}
importer() { pgrep -f "segment-store import --spool $b\$"; }
same() { [ "$(cd "$a" && find src -name '*.mp4' | sort)" = \
    "$(cd "$b" && find src -name '*.mp4' | sort)" ]; }
count() { find "$1/src" -name '[0-9]*.mp4' 2>/dev/null | wc -l; }
# At least so many files more than before.
grown() { [ "$(count "$1")" -ge "$2" ]; }

head -n 20 "$tmp/cut.lines" | cut -f1 | xargs cat |
    segment-store put one >/dev/null
mirror
wait_for 20 same; ok $? 'what is there is copied'
publish one & publishers=$!
publish two & publishers="$publishers $!"
wait_for 20 grown "$b" 30; ok $? 'and what comes, of new streams, too'

# As if the file system it writes to hung: puts go on.
wait_for 20 importer
kill -STOP "$(importer)"
stalled=$(count "$a")
wait_for 20 grown "$a" $((stalled + 20)); ok $? 'it hangs, publishers go on'
before=$(count "$b")
kill -CONT "$(importer)"
wait_for 20 grown "$b" $((before + 10)); ok $? 'and it catches up'

# As if it were unmounted: a directory, but no spool.
mv "$b" "$tmp/away"
mkdir "$b"
kill -9 "$(importer)"
stalled=$(count "$a")
wait_for 20 grown "$a" $((stalled + 10)); ok $? 'it is away, publishers go on'
refused() { grep -q 'is it mounted' "$tmp/log"; }
wait_for 20 refused; ok $? 'which is said'
is "$(ls "$b")" '' 'and nothing is written where it was'
rmdir "$b"
mv "$tmp/away" "$b"

# Killed again and again, anywhere.
i=0
while [ $i -lt 5 ]; do
	before=$(count "$b")
	wait_for 5 grown "$b" $((before + 1))
	perl -e 'select undef, undef, undef, rand 0.2'
	kill -9 "$mirror"
	wait "$mirror" 2>/dev/null
	mirror
	i=$((i + 1))
done
# shellcheck disable=SC2086 # numbers
wait $publishers
is "$(cat "$tmp/put.one" "$tmp/put.two" | wc -l)" $((20 * seconds)) \
    'publishers wrote all they had'
wait_for 30 same; ok $? "all $(count "$a") are there"
# A killed import leaves a dot name.
diff -r -x '.*' "$a/src" "$b/src" >"$tmp/err"; ok $? 'the same bytes'
# A name appears when its link does: the times of last change are the order.
for s in one two; do
	find "$b/src/$s" -name '*.mp4' -printf '%C@ %f\n' | sort -n |
	    cut -d' ' -f2 | sort -c 2>"$tmp/err"
	ok $? "$s: each after the one before it"
done
is "$(cut -f2,4 "$tmp/lines" | sort | uniq -d)" '' 'none is told twice'
kill "$mirror"
wait "$mirror"; is $? 0 'SIGTERM ends it with status 0'
gone() { ! pgrep -f "$tmp/(a|b)"; }
wait_for 10 gone; ok $? 'and nothing stays behind'

# --- what is there need not stay here
head -n 3 "$tmp/cut.lines" | cut -f1 | xargs cat |
    segment-store put old >"$tmp/put.old"
mirror
wait_for 20 same; ok $? 'another one, later'
kill "$mirror"
wait "$mirror"
newest=$(tail -n 1 "$tmp/put.old" | cut -f1)
is_old() { [ $(($(date +%s) - $(stat -c %Y "$newest"))) -ge 3 ]; }
wait_for 20 is_old
livespool-mirror --to "$b" --keep 1s old >"$tmp/out" 2>"$tmp/err" &
mirror=$!
pids="$pids $mirror"
pruned() { [ "$(find "$a/src/old" -name '*.mp4' | wc -l)" -eq 1 ]; }
wait_for 20 pruned; ok $? '--keep: of what is there, only the newest stays here'
is "$(find "$a/src/two" -name '*.mp4' | wc -l)" $((10 * seconds)) \
    'of the stream that was named'
is "$(find "$a/queue" -name 'old+*' | wc -l)" 1 'tickets go with it'
kill "$mirror"
wait "$mirror"; is $? 0 'and it ends'
wait_for 10 gone; ok $? 'with what removes'

# --- with another's stream of that name
{ sed '2d' "$tmp/cut.lines"; sed -n '2p' "$tmp/cut.lines"; } | cut -f1 |
    xargs cat | segment-store put --spool "$tmp/other" two >/dev/null
timeout 30 livespool-mirror --spool "$tmp/other" --to "$b" >"$tmp/out" \
    2>"$tmp/err"
is $? 65 'another stream of that name is refused'

# --- a spool on another host, by the name of a program that is no ssh
cat >"$tmp/ssh" <<'EOT'
#!/bin/sh
while :; do case $1 in -o) shift 2 ;; *) break ;; esac; done
[ "$1" = far ] || exit 255
shift
exec sh -c "$*"
EOT
chmod +x "$tmp/ssh"
mkdir -p "$tmp/c d/src"
livespool-mirror --to "far:$tmp/c d" --ssh "$tmp/ssh" two >"$tmp/out" \
    2>"$tmp/err" &
mirror=$!
pids="$pids $mirror"
far() { diff -r "$a/src/two" "$tmp/c d/src/two"; }
wait_for 20 far; ok $? 'HOST:DIR, and one stream only'
is "$(ls "$tmp/c d/src")" two 'no other'
kill "$mirror"
wait "$mirror"
done_testing
