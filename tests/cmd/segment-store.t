#!/bin/sh
# segment-store: what it stores, survives, lists and refuses
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL
TAB=$(printf '\t')

# clip SECONDS EXTRA...: fragments of a test picture with sound
clip() {
	clip_s=$1; shift
	ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=10 \
	    -f lavfi -i sine -t "$clip_s" -c:v libx264 -preset ultrafast \
	    -g 10 -keyint_min 10 -sc_threshold 0 -c:a aac -b:a 32k \
	    -video_track_timescale 90000 -f mp4 \
	    -movflags frag_keyframe+empty_moov+default_base_moof "$@" - |
	    "$here/../as-fragments"
}
clip 5 >"$tmp/five"
[ -s "$tmp/five" ] || { echo 'Bail out! no clip'; exit 99; }

cat >"$tmp/ladder.yaml" <<'END'
video:
  low:
    codec: h264
    height: 360
    bitrate: 500k
  best:
    codec: h264
    height: 720
    bitrate: 2M
    tier: batch
audio:
  sound:
    codec: copy
END

field() { cut -f"$1" "$tmp/out" | paste -sd' ' -; }
tickets() { (cd "$LIVESPOOL_SPOOL/queue" && echo *); }
# have RENDITION EPOCH SEQ: make a rendition of the stream cam
have() {
	mkdir -p "$LIVESPOOL_SPOOL/www/cam/$1/$2/000000"
	: >"$LIVESPOOL_SPOOL/www/cam/$1/$2/000000/$3.m4s"
}

# --- put and ls
run "$tmp/five" segment-store put cam
status_is 0 'put stores a clip'
is "$(field 4)" '000000001 000000002 000000003 000000004 000000005' \
	'a line for each fragment, numbered from 1'
is "$(field 3 | tr ' ' '\n' | sort -u)" 000001 'in one epoch'
is "$(field 6)" '0 1000000 2000000 3000000 4000000' 'where each starts'
is "$(field 9)" 'epoch-start - - - -' 'the first one starts the epoch'
first=$(head -n1 "$tmp/out" | cut -f1)
is "$first" "$LIVESPOOL_SPOOL/src/cam/000001/000000/000000001.mp4" \
	'the path comes first'
is "$(head -n1 "$tmp/out" | cut -f8)" "$(stat -c %s "$first")" 'its bytes'
cp "$tmp/out" "$tmp/lines"
run /dev/null segment-store ls cam
stdout_is "$tmp/lines" 'ls prints the same lines'
is "$(find "$LIVESPOOL_SPOOL" -name '.*.mp4.*')" '' \
	'no dot file is left'
is "$(tickets)" 'cam+000001+000000001 cam+000001+000000002 cam+000001+000000003 cam+000001+000000004 cam+000001+000000005' \
	'each fragment has a ticket'

run "$tmp/five" segment-store put cam
is "$(field 3,4 | tr '\t' :)" '000002:000000006 000002:000000007 000002:000000008 000002:000000009 000002:000000010' \
	'a second put: numbers go on, the epoch is new'
run /dev/null segment-store put cam
status_is 0 'no input is no error'
run "$tmp/five" segment-store put other
is "$(field 3,4 | head -c 16)" "000001${TAB}000000001" \
	'another stream has its own numbers'

run /dev/null segment-store ls
is "$(field 2 | tr ' ' '\n' | uniq -c | tr -s ' \n' ' ')" ' 10 cam 5 other ' \
	'ls without operands lists every stream'
run /dev/null segment-store ls --seq 5-6 cam
is "$(field 4)" '000000005 000000006' 'ls --seq'
run /dev/null segment-store ls cam --seq 9-
is "$(field 4)" '000000009 000000010' 'ls --seq A-, behind the operand'
run /dev/null segment-store ls --rendition low cam
status_is 0 'ls of a rendition that is not there'
is "$(cat "$tmp/out")" '' 'prints nothing'
run /dev/null segment-store ls --json cam
status_is 0 'ls --json'
jq -se 'length == 10 and all(.[]; .stream == "cam" and
    (.seq | type) == "number" and (.flags | type) == "array") and
    .[5].epoch == 2 and .[5].flags == ["epoch-start"] and
    .[1].start_us == 1000000 and .[1].duration_us == 1000000' \
	"$tmp/out" >/dev/null
ok $? 'is JSON with the same facts'
run /dev/null segment-store ls -0 cam
tr '\0' '\n' <"$tmp/out" >"$tmp/paths"
is "$(wc -l <"$tmp/paths")" 10 'ls -0 ends paths with NUL'
xargs ls <"$tmp/paths" >/dev/null 2>&1
ok $? 'and they are files'
run /dev/null segment-store ls nosuch
status_is 66 'ls of a stream that is not there'
stderr_has "no stream 'nosuch'" 'names it'

# --- get
segment-store get cam --epoch 1 >"$tmp/got.mp4"
ok $? 'get of one epoch'
packets() {
	ffprobe -v error -select_streams "$2" -show_entries packet=pts_time \
	    -of csv=p=0 "$1" | wc -l
}
is "$(packets "$tmp/got.mp4" v)" 50 'ffprobe reads every picture'
ffmpeg -nostdin -v error -xerror -i "$tmp/got.mp4" -f null - 2>"$tmp/err"
ok $? 'ffmpeg decodes it without a word'
is "$(cat "$tmp/err")" '' 'indeed'
segment-store get --seq 7-8 cam >"$tmp/part.mp4"
is "$(packets "$tmp/part.mp4" v)" 20 'get of two fragments'
is "$(grep -ao moov "$tmp/part.mp4" | wc -l)" 1 'has one moov'
run /dev/null segment-store get cam
status_is 65 'get refuses a range over two epochs'
stderr_has 'these are 1 (--seq 1-5), 2 (--seq 6-10)' 'and says which'
run /dev/null segment-store get --seq 99- cam
status_is 66 'get of nothing'

# --- pending and done
run /dev/null segment-store pending --ladder "$tmp/ladder.yaml" cam
is "$(wc -l <"$tmp/out")" 10 'everything is pending'
run /dev/null segment-store "done" --ladder "$tmp/ladder.yaml" "$first"
status_is 1 'what is pending is not done'
stderr_has "lacks 'low'" 'and it is said what it lacks'
have low 000001 000000001
have sound 000001 000000001
have low 000001 000000003
run /dev/null segment-store pending --ladder "$tmp/ladder.yaml" cam
is "$(field 4)" '000000002 000000003 000000004 000000005 000000006 000000007 000000008 000000009 000000010' \
	'a fragment with every live rendition is not pending'
run /dev/null segment-store pending --ladder "$tmp/ladder.yaml" --newest cam
is "$(field 4 | cut -c1-19)" '000000010 000000009' 'pending --newest'
run /dev/null segment-store pending -l "$tmp/ladder.yaml" --tier batch cam
is "$(wc -l <"$tmp/out")" 10 'batch renditions are another tier'
run /dev/null segment-store pending -l "$tmp/ladder.yaml" --to -1h cam
is "$(cat "$tmp/out")" '' 'pending --to leaves the young ones out'
touch -d '2 hours ago' \
	"$LIVESPOOL_SPOOL"/src/cam/000001/000000/00000000[1-4].mp4
run /dev/null segment-store pending -l "$tmp/ladder.yaml" --to -1h cam
is "$(field 4)" '000000002 000000003 000000004' 'and lists the old ones'
run /dev/null segment-store pending -l "$tmp/ladder.yaml" --from -1h cam \
	--epoch 1
is "$(field 4)" 000000005 'pending --from lists the young ones'
: >"$LIVESPOOL_SPOOL/www/cam/low/none-000002"
: >"$LIVESPOOL_SPOOL/www/cam/sound/none-000002"
run /dev/null segment-store pending -l "$tmp/ladder.yaml" cam
is "$(field 4)" '000000002 000000003 000000004 000000005' \
	'what an epoch cannot have is not pending'
run "$tmp/lines" segment-store "done" --ladder "$tmp/ladder.yaml"
status_is 1 'done reads lines; not all are'
is "$(tickets | cut -c1-41)" 'cam+000001+000000002 cam+000001+000000003' \
	'the ticket of the one that is has gone'
run /dev/null segment-store "done" -l "$tmp/ladder.yaml" "$first"
status_is 0 'done again'
run /dev/null segment-store "done" -l "$tmp/ladder.yaml" \
	"$LIVESPOOL_SPOOL/src/gone/000001/000000/000000001.mp4"
status_is 0 'an original that is gone is done'
run /dev/null segment-store "done" -l "$tmp/ladder.yaml" /etc/passwd
status_is 65 'done of no fragment'

# --- stat
run /dev/null segment-store stat --json --ladder "$tmp/ladder.yaml"
jq -se 'length == 2 and (.[0] | .stream == "cam" and .epochs == 2 and
    .fragments == 10 and .first == 1 and .last == 10 and .tickets == 9 and
    .pending == 4 and .age_s >= 0 and .age_s < 600)' "$tmp/out" >/dev/null
ok $? 'stat --json counts'
bytes=$(cat "$LIVESPOOL_SPOOL"/src/cam/*/*/*.mp4 | wc -c)
is "$(jq -s '.[0].bytes' "$tmp/out")" "$bytes" 'bytes too'
run /dev/null segment-store stat cam
stdout_has 'STREAM EPOCHS  FRAGMENTS' 'stat has a header'
is "$(tail -n1 "$tmp/out" | awk '{ print $1, $2, $3, $6 }')" "cam 2 10 $bytes" \
	'and a row'

# --- bad input
head -c 4000 "$tmp/five" >"$tmp/cut"
run "$tmp/cut" segment-store put bad
status_is 65 'input that ends inside a fragment'
stderr_has 'fragment at byte 0: input ends in the middle of it' \
	'is reported with its place'
bytes=$(head -n1 "$tmp/lines" | cut -f8)
{ head -c "$bytes" "$tmp/five"; echo garbage; } >"$tmp/garbage"
run "$tmp/garbage" segment-store put bad
status_is 65 'garbage behind a fragment'
stderr_has "fragment at byte $bytes" 'is reported with its place'
is "$(field 4)" 000000001 'what is whole is stored'
# The box begins behind ftyp, the first; its byte 24 is the version.
head -c "$bytes" "$tmp/five" | perl -I "$here/.." -MFragment=seal -e '
	local $/;
	my $file = <STDIN>;
	substr $file, 24 + unpack("N", $file), 1, "\2";
	print seal($file)' >"$tmp/version2"
run "$tmp/version2" segment-store put older
status_is 0 'a fragment of version 2, with the older checksum'
run /dev/null segment-store verify older
status_is 0 'and read again'
sed '0,/uuid/s/uuid/free/' "$tmp/five" >"$tmp/noinfo"
run "$tmp/noinfo" segment-store put bad
status_is 65 'an MP4 that is no fragment'
head -c $((bytes - 2)) "$tmp/five" | sed 's/mdat/mdau/' >"$tmp/mdau"
run "$tmp/mdau" segment-store put bad
status_is 65 'an unfinished fragment'

# --- wrong usage
run /dev/null segment-store
status_is 64 'no command'
run /dev/null segment-store lss
status_is 64 'an unknown command'
run "$tmp/five" segment-store put ../etc
status_is 64 'a stream name that climbs'
run "$tmp/five" segment-store put
status_is 64 'no stream'
run /dev/null env -u LIVESPOOL_SPOOL segment-store ls
status_is 64 'no spool'
stderr_has 'give --spool or set LIVESPOOL_SPOOL' 'says what to do'
run /dev/null segment-store pending cam
status_is 64 'no ladder'
run /dev/null segment-store ls --spool /nonexistent
status_is 66 'a spool that is not there'
run /dev/null segment-store ls --seq 9-3
status_is 64 'a range that goes backwards'
run /dev/null segment-store pending --ladder /dev/null
status_is 78 'a bad ladder'
for command in claim "done" expire export get import ls \
    pending put requeue stat verify; do
	run /dev/null segment-store "$command" --help
	status_is 0 "$command --help"
	stdout_has "usage: segment-store $command" 'prints its usage'
done

# --- put is killed at any time: what it printed is there, whole
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	cat "$tmp/five"
done >"$tmp/hundred"
: >"$tmp/printed"
for i in 1 2 3 4 5 6 7 8; do
	segment-store put killed <"$tmp/hundred" >"$tmp/part" &
	pid=$!
	pids=$pid
	want=$((i * i))
	wait_for 20 sh -c "[ \$(wc -l <'$tmp/part') -ge $want ]"
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	cat "$tmp/part" >>"$tmp/printed"
done
pids=
run /dev/null segment-store ls killed
cp "$tmp/out" "$tmp/listed"
sort "$tmp/printed" >"$tmp/a"
sort "$tmp/listed" >"$tmp/b"
is "$(comm -23 "$tmp/a" "$tmp/b" | wc -l)" 0 'kill -9: every line printed is listed the same'
is "$(wc -l <"$tmp/printed" | awk '{ print ($1 >= 204) }')" 1 'there were enough'
is "$(cut -f4 "$tmp/listed")" "$(seq -f %09.0f 1 "$(wc -l <"$tmp/listed")")" \
	'numbers have no gap and none is twice'
bad=$(perl -F'\t' -lane '
	open my $f, "<", $F[0] or print, next;
	read $f, my $head, 256;
	my ($epoch, $seq) = unpack "x" . (unpack("N", $head) + 32) . "N N", $head;
	print if $epoch != $F[2] || $seq != $F[3] || -s $f != $F[7];
' "$tmp/printed")
is "$bad" '' 'each is whole and stamped with its numbers'

# --- two at once
segment-store put one <"$tmp/hundred" >"$tmp/one" & a=$!
segment-store put two <"$tmp/hundred" >"$tmp/two" & b=$!
wait "$a" && wait "$b"
ok $? 'two puts on two streams'
is "$(cut -f4 "$tmp/one" "$tmp/two" | sort | uniq -c | awk '$1 != 2' | wc -l)" 0 \
	'do not meet'
segment-store put same <"$tmp/hundred" >"$tmp/one" & a=$!
segment-store put same <"$tmp/hundred" >"$tmp/two" & b=$!
wait "$a" && wait "$b"
ok $? 'two puts on one stream'
is "$(cat "$tmp/one" "$tmp/two" | cut -f4 | sort | uniq -d | wc -l)" 0 \
	'print no number twice'
cat "$tmp/one" "$tmp/two" | sort >"$tmp/a"
run /dev/null segment-store ls same
sort "$tmp/out" | cmp -s - "$tmp/a"
ok $? 'and all that they printed is there'
cut -f4 "$tmp/out" | sort -C
ok $? 'in one order'

# --- the disk is full
full=$tmp/full
mkdir "$full"
if mount -t tmpfs -o size=200k tmpfs "$full" 2>/dev/null; then
	run "$tmp/hundred" segment-store put --spool "$full" --wait 0s cam
	status_is 75 'a full disk, --wait 0s: try again later'
	stderr_has 'No space left on device' 'and says why'
	printed=$(wc -l <"$tmp/out")
	is "$(find "$full" -name '*.mp4' | wc -l)" "$printed" \
		'what was printed is there, and no more'
	is "$(find "$full" -name '.*.mp4.*')" '' 'no dot file is left'

	segment-store put --spool "$full" cam <"$tmp/hundred" >"$tmp/out" \
	    2>"$tmp/err" & pid=$!
	pids=$pid
	wait_for 20 grep -q 'holding the input' "$tmp/err"
	ok $? 'a full disk: put holds the input'
	before=$(wc -l <"$tmp/out")
	rm "$full"/src/cam/000001/000000/*
	wait_for 20 sh -c "[ \$(wc -l <'$tmp/out') -gt $before ]"
	ok $? 'and goes on when there is room'
	kill -TERM "$pid"
	st=0
	wait "$pid" || st=$?
	pids=
	[ "$st" -eq 75 ] || [ "$st" -eq 143 ]
	ok $? "SIGTERM ends it (status $st)"

	dd if=/dev/zero of="$full/more" bs=4k 2>/dev/null
	: >"$tmp/err"		# nothing of the last put's is to be found
	segment-store put --spool "$full" cam <"$tmp/hundred" >"$tmp/out" \
	    2>"$tmp/err" & pid=$!
	pids=$pid
	wait_for 20 grep -q 'holding the input' "$tmp/err"
	kill -TERM "$pid"
	st=0
	wait "$pid" || st=$?
	pids=
	status_is 75 'SIGTERM while it waits'
	stderr_has 'told to stop' 'is said'
	umount "$full"
else
	ok 0 'a full disk # SKIP mount is not permitted'
fi
done_testing
