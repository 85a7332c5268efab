#!/bin/sh
# segment-store export and import: the same bytes, and nothing hostile
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=${0%/*}
. "$here/../tap.sh"
a=$tmp/a b=$tmp/b
LIVESPOOL_SPOOL=$a
export LIVESPOOL_SPOOL

"$here/../heads.pl" "$a" cam src 1 1-5 10
"$here/../heads.pl" "$a" cam src 2 6-8 10
"$here/../heads.pl" "$a" cam low 1 1-5 10

segment-store export cam >"$tmp/src.tar" 2>"$tmp/err"
ok $? 'export'
is "$(tar tf "$tmp/src.tar" | wc -l) $(tar tf "$tmp/src.tar" | head -n1)" \
	'8 src/cam/000001/000000/000000001.mp4' 'tar reads it'
segment-store export -r src -r low --seq 4-6 >"$tmp/part.tar"
is "$(tar tf "$tmp/part.tar" | sed 's:.*/0*::' | paste -sd' ' -)" \
	'4.mp4 5.mp4 6.mp4 init-000001.mp4 4.m4s 5.m4s' \
	'of some numbers and renditions, an init segment first'

run "$tmp/src.tar" segment-store import --spool "$b"
status_is 0 'import'
is "$(cut -f4 "$tmp/out" | tr -d 0 | paste -sd' ' -)" '1 2 3 4 5 6 7 8' \
	'prints the lines of what it stored'
diff -r "$a/src" "$b/src" >"$tmp/err"
ok $? 'the same bytes'
is "$(find "$b/queue" -name 'cam+*' | wc -l)" 8 'tickets for originals'
run "$tmp/part.tar" segment-store import --spool "$b"
is "$st $(cut -f4,5 "$tmp/out" | tr -d 0 | tr '\t\n' ': ')" '0 4:low 5:low ' \
	'what is there already is left out'
run "$tmp/src.tar" segment-store import --spool "$b"
is "$st $(cat "$tmp/out")" '0 ' 'all of it, the second time'

# --- what is listed, one by one
segment-store ls cam >"$tmp/lines"
mkfifo "$tmp/fifo" "$tmp/tar"
segment-store import --spool "$tmp/c" <"$tmp/tar" >"$tmp/out" &
segment-store export --listed <"$tmp/fifo" >"$tmp/tar" &
export=$!
exec 8>"$tmp/fifo"
sed -n 3p "$tmp/lines" >&8
came() { [ "$(cut -f4 "$tmp/out" | tr -d 0 | paste -sd' ' -)" = "$1" ]; }
wait_for 20 came 3; ok $? '--listed: one is stored while more may come'
printf 'x\n' >"$a/src/cam/000001/000000/000000009.mp4"
sed -n '4p;5{s/000000005/000000009/g;p};1p' "$tmp/lines" >&8
wait_for 20 came '3 1 4'; ok $? \
    'in the order of the lines, without one that is damaged'
exec 8>&-
wait "$export"; is $? 65 'which is what the status tells'
rm "$a/src/cam/000001/000000/000000009.mp4"
run "$tmp/lines" segment-store export --listed --seq 1-2
status_is 64 'lines and numbers at once'

mkdir -p "$tmp/none/www/cam/low"
: >"$tmp/none/www/cam/low/none-000002"
tar cf "$tmp/none.tar" -C "$tmp/none" www/cam/low/none-000002
run "$tmp/none.tar" segment-store import --spool "$b"
is "$st $(cat "$tmp/out")$(ls "$b/www/cam/low/none-000002")" \
	"0 $b/www/cam/low/none-000002" 'that an epoch has no such rendition'
run "$tmp/none.tar" segment-store import --spool "$b"
status_is 0 'the same again'
run /dev/null segment-store import --spool "$b"
status_is 0 'nothing at all'

# --- compare
run "$tmp/part.tar" segment-store compare --spool "$b"
is "$st $(cut -f4,5 "$tmp/out" | tr -d 0 | tr '\t\n' ': ')" \
	'0 4:src 5:src 6:src 4:low 5:low ' 'compare: what is here as well'
rm "$b/src/cam/000001/000000/000000004.mp4"
run "$tmp/part.tar" segment-store compare --spool "$b"
is "$st $(cut -f4,5 "$tmp/out" | tr -d 0 | tr '\t\n' ': ')" \
	'0 5:src 6:src 4:low 5:low ' 'what is gone is passed over'
head -c 3000 "$tmp/part.tar" >"$tmp/cut.tar"
run "$tmp/cut.tar" segment-store compare --spool "$b"
status_is 65 'compare with a file that is cut short'
"$here/../heads.pl" "$b" cam src 1 4-4 10
run "$tmp/part.tar" segment-store compare --spool "$b"
is "$st $(wc -l <"$tmp/out")" '0 5' 'the same again'
cp "$b/src/cam/000001/000000/000000004.mp4" "$tmp/four"
perl -e 'use lib $ARGV[0]; use Fragment qw(seal); local $/;
    open my $f, "+<", $ARGV[1] or die; my $file = <$f>;
    substr $file, -1, 1, "x"; seek $f, 0, 0; print $f seal($file)' \
    "$here/.." "$b/src/cam/000001/000000/000000004.mp4"
run "$tmp/part.tar" segment-store compare --spool "$b"
status_is 65 'compare with other bytes under the name'
stderr_has 'there is another one' 'says so'
mv "$tmp/four" "$b/src/cam/000001/000000/000000004.mp4"

# bad NAME: an archive that is refused
bad() {
	before=$(find "$b" -type f | wc -l)
	run "$1" segment-store import --spool "$b"
	status_is 65 "$2"
	is "$(find "$b" -type f | wc -l)" "$before" 'nothing is stored of it'
}
one=src/cam/000001/000000/000000001.mp4
mkdir "$tmp/x"
bad_tar() {		# bad_tar NAME TAR-OPTION...: of the files below x
	bad_name=$1; shift
	tar cf "$tmp/bad.tar" -C "$tmp/x" "$@"
	bad "$tmp/bad.tar" "$bad_name"
}
cp "$a/$one" "$tmp/x/one"
for name in one ../one "/$one" "x/$one" "src/../src/cam/000001/000000/000000009.mp4" \
    src/cam/000001/000000/000000009.m4s queue/cam+000001+000000001 \
    www/cam/live.m3u8; do
	bad_tar "the name $name" -P --transform "s:one:$name:" one
done
bad_tar 'a fragment under another number' \
    --transform 's:one:src/cam/000001/000000/000000009.mp4:' one
bad_tar 'of another stream' \
    --transform 's:one:src/dog/000001/000000/000000001.mp4:' one
bad_tar 'a note that is not empty' \
    --transform 's:one:www/cam/low/none-000003:' one
ln -s one "$tmp/x/link"
bad_tar 'a symbolic link' \
    --transform 's:link:src/cam/000001/000000/000000009.mp4:' link
"$here/../heads.pl" "$tmp/other" cam src 1 9-9 10
cp "$tmp/other/src/cam/000001/000000/000000009.mp4" "$tmp/x/nine"
printf x | dd of="$tmp/x/nine" bs=1 seek=700 conv=notrunc 2>/dev/null
bad_tar 'bit rot' --transform 's:nine:src/cam/000001/000000/000000009.mp4:' nine
truncate -s 100M "$tmp/x/huge"
bad_tar 'a huge file' \
    --transform 's:huge:src/cam/000001/000000/000000009.mp4:' huge
head -c 5000 "$tmp/src.tar" >"$tmp/cut.tar"
rm -rf "$b"
run "$tmp/cut.tar" segment-store import --spool "$b"
status_is 65 'an archive that is cut short'
echo 'no archive at all' >"$tmp/text"
bad "$tmp/text" 'a text'
"$here/../heads.pl" "$b" cam src 1 1-1 10 2
perl -e 'use lib $ARGV[0]; use Fragment qw(seal); local $/;
    open my $f, "+<", $ARGV[1] or die; my $file = <$f>;
    substr $file, -1, 1, "x"; seek $f, 0, 0; print $f seal($file)' \
    "$here/.." "$b/$one"
run "$tmp/src.tar" segment-store import --spool "$b"
status_is 65 'another fragment of the same number'
stderr_has 'there is another one already' 'is said'
for command in compare export import; do
	run /dev/null segment-store "$command" --help
	stdout_has "usage: segment-store $command" "$command --help"
done
done_testing
