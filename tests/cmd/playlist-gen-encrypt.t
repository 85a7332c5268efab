#!/bin/sh
# playlist-gen --encrypt: AES-128 over whole segments, keys by date.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../playlists.sh"
. "$here/../serve.sh"

make_store "$tmp/full"
keys=$tmp/keys
mkdir -p "$keys/cam"
key() {			# key DATE BYTES: a file that only we may read
	(umask 077 && printf %s "$2" >"$keys/cam/$1.key")
}
key 20231114T221320Z 0123456789abcdef	# the first fragment is dated so,
key 20231114T221325Z fedcba9876543210	# and the sixth 25.123

gen() {			# gen SPOOL OPTION...
	gen_spool=$1; shift
	# Old, so that live playlists have an end, and ffmpeg finds it.
	find "$gen_spool/src" -type f -exec touch -d 2024-01-01 {} +
	run /dev/null playlist-gen --spool "$gen_spool" --encrypt "$keys" \
	    --key-uri "file:$keys/{stream}/{key}.key" "$@"
}
frames() {		# frames PLAYLIST KIND: as ffmpeg reads them
	timeout 30 ffprobe -v error -count_packets -select_streams "$2:0" \
	    -allowed_extensions ALL \
	    -protocol_whitelist file,crypto,data,http,tcp \
	    -show_entries stream=nb_read_packets -of csv=p=0 "$1" | head -n 1
}
sums() { (cd "$1/www" && find . -type f -exec cksum {} + | LC_ALL=C sort); }
iv() { printf %s "www/cam/$1/$2" | sha256sum | cut -c 1-32; }

playlist-gen --spool "$full" --vod
playlist-gen --spool "$full" --window 60s
video=$(frames "$full/www/cam/h264-180p/vod.m3u8" v)
audio=$(frames "$full/www/cam/aac/vod.m3u8" a)
is "$video" 500 'in the clear ffmpeg finds every picture'
[ -e "$full/www/cam/main.mpd" ] && [ -e "$full/www/cam/vod.mpd" ] &&
    [ -e "$full/www/cam/h264-180p/vod-iframes.m3u8" ]
ok $? 'with an MPD and I-frames'

for length in 1 4; do
	for kind in live event vod; do
		gen "$full" --$kind --segment ${length}s --window 60s
		status_is 0 "$kind under keys, segments of $length"
		list=$full/www/cam/h264-180p/$kind.m3u8
		is "$(frames "$list" v) $(frames "$full/www/cam/aac/$kind.m3u8" a)" \
		    "$video $audio" 'ffmpeg finds every frame'
		is "$(grep -v '^#' "$list" | grep -vc /aes/)" 0 \
		    'nothing in the clear is listed'
		main=$full/www/cam/main.m3u8
		[ $kind = live ] || main=$full/www/cam/$kind.m3u8
		run /dev/null playlist-gen --check "$main"
		status_is 0 'which breaks no rule'
	done
done
[ ! -e "$full/www/cam/main.mpd" ] && [ ! -e "$full/www/cam/vod.mpd" ] &&
    [ ! -e "$full/www/cam/h264-180p/vod-iframes.m3u8" ] &&
    ! grep -q I-FRAME "$full/www/cam/vod.m3u8"
ok $? 'no MPD, no I-frames, and those of before are gone'

# The tags: an init segment is never under a key, each segment has an IV.
gen "$full" --vod --segment 4s
list=$full/www/cam/aac/vod.m3u8
is "$(sed -n 's/^#EXT-X-\(MAP\|KEY:METHOD=[^,]*\|DISCON[A-Z]*\).*/\1/p' \
    "$list" | uniq | paste -s -d ' ')" 'MAP KEY:METHOD=AES-128 DISCONTINUITY'\
' KEY:METHOD=NONE MAP KEY:METHOD=AES-128' 'maps are in front of keys'
is "$(grep -o 'cam/2[^.]*' "$list" | uniq -c | tr -s ' \n' ' ')" \
    ' 2 cam/20231114T221320Z 4 cam/20231114T221325Z ' 'the keys follow dates'
is "$(grep -c KEY:METHOD=AES "$list") $(grep -o 'IV=.*' "$list" |
    sort -u | wc -l)" '6 6' 'no IV twice'

# By hand: openssl gives back what the fragments are.
uri=$(grep -v '^#' "$list" | head -n 1)
id=$(printf 0123456789abcdef | sha256sum | cut -c 1-16)
is "$uri" "000001/000000/aes/$id/000000001-000000004.m4s" 'the name'
grep -q "IV=0x$(iv aac "$uri")\$" "$list"; ok $? 'the IV is that of the name'
openssl enc -d -aes-128-cbc -K "$(printf 0123456789abcdef | od -An -tx1 |
    tr -d ' ')" -iv "$(iv aac "$uri")" -in "${list%/*}/$uri" >"$tmp/clear"
cat "${list%/*}/000001/000000/"00000000[1-4].m4s | cmp -s - "$tmp/clear"
ok $? 'openssl enc -d has the fragments'

# Secrets.
gen "$full" --vod -vvv
! grep -rq 0123456789abcdef "$full/www" "$tmp/err"
ok $? 'no key in www, nor in the log'

# A pure function: three at once, from nothing.
sums "$full" >"$tmp/before"
find "$full/www" \( -name 'vod*' -o -path '*/aes/*' \) -type f -delete
gen "$full" --live --segment 1s --window 60s
gen "$full" --live --segment 4s --window 60s
gen_thrice --encrypt "$keys" --vod --segment 4s \
    --key-uri "file:$keys/{stream}/{key}.key"
is "$st" 0 'three at once'
gen "$full" --vod
gen "$full" --event --segment 4s
sums "$full" >"$tmp/after"
cmp -s "$tmp/before" "$tmp/after"; ok $? 'give the same bytes'
is "$(find "$full/www" -name '.*' -type f)" '' 'no draft is left'

# Over HTTP, with keys that the operator put there.
mkdir "$full/www/keys"
cp -R "$keys/cam" "$full/www/keys"
playlist-gen --spool "$full" --encrypt "$keys" --vod --segment 4s \
    --key-uri '/keys/{stream}/{key}.key'
serve "$full"
is "$(frames "$url/cam/h264-180p/vod.m3u8" v) $(frames \
    "$url/cam/aac/vod.m3u8" a)" \
    "$video $audio" 'over HTTP, keys and all, every frame'

# The same streams from an origin that keeps back what is in the clear.
clear=$full/www/cam/aac/000001/000000
cat "$clear/"00000000[1-4].m4s >"$clear/000000001-000000004.m4s"
mkdir -p "$full/www/free/v/000001/000000"
echo media >"$full/www/free/v/000001/000000/000000001.m4s"
(umask 077; echo 'a key to sign with, of some bytes' >"$tmp/sign")
code() { curl -s -m 10 -o "$tmp/body" -w '%{http_code}' "$url$1"; }
serve "$full" --encrypted other --encrypted 'c[a-m]m'
is "$(frames "$url/cam/h264-180p/vod.m3u8" v) $(frames \
    "$url/cam/aac/vod.m3u8" a)" "$video $audio" '--encrypted: every frame'
got=
for path in 000000001.m4s 000000001-000000004.m4s %30%30000001%2em4s \
    000000099.m4s; do
	got="$got $(code "/cam/aac/000001/000000/$path")"
done
is "$got" ' 404 404 404 404' 'no fragment in the clear, nor what is joined'
is "$(curl -s -r 0-99 -o /dev/null -w '%{http_code}' \
    "$url/cam/aac/000001/000000/000000001.m4s")" 404 'nor a range of one'
is "$(code /cam/aac/init-000001.mp4) $(code /free/v/000001/000000/000000001.m4s)" \
    '200 200' 'init segments are, and other streams'
serve "$full" --encrypted '*' --sign-key "$tmp/sign"
path=$(segment-serve --sign cam --sign-key "$tmp/sign")
is "$(code "$path/aac/000001/000000/000000001.m4s") $(code \
    "$path/aac/vod.m3u8") $(code "$path/aac/$uri")" '404 200 200' \
    'nor by a signed path'

# Keys from cron: for everything at first, then each hour.
rotate() { run /dev/null sh "$here/../../examples/rotate-keys" "$@"; }
names() { (cd "$1" && printf '%s\n' .new* *) | grep -v '\*' | paste -s -d ' '; }
rotate "$tmp/cron" '1 hour'
status_is 64 'rotate-keys without a directory'
stderr_has usage 'says what it wants'
mkdir -p "$tmp/cron/cam" "$tmp/cron/dry"
rotate "$tmp/cron" '1 hour'
status_is 0 'rotate-keys'
is "$(names "$tmp/cron/cam") $(names "$tmp/cron/dry")" \
    '19700101T000000Z.key 19700101T000000Z.key' 'a first key for each stream'
is "$(stat -c '%s %a' "$tmp/cron/cam/19700101T000000Z.key")" '16 640' \
    'of 16 bytes, for owner and group'
run /dev/null playlist-gen --spool "$full" --encrypt "$tmp/cron" \
    --key-uri 'k/{key}' --vod
status_is 0 'it opens everything'
cp "$tmp/cron/cam/19700101T000000Z.key" "$tmp/cron/cam/20200101T000000Z.key"
rotate "$tmp/cron" '1 hour'
rotate "$tmp/cron" '1 hour'
is "$(names "$tmp/cron/cam" | sed "s/ $(date -u +%Y)[^ ]*/ NEXT/g")" \
    '20200101T000000Z.key NEXT' 'one an hour, and the last old one stays'

# A stream that goes on, and a key that comes for a time to come.
grow=$tmp/grow
mkdir -p "$grow/queue" "$grow/src" "$grow/www"
rm "$keys/cam/20231114T221325Z.key"
for i in 1 2 3; do add $i src h264-180p aac; done
gen "$grow" --window 60s
live=$grow/www/cam/h264-180p/live.m3u8
cp "$live" "$tmp/old"
key 20231114T221325Z fedcba9876543210
for i in 4 5 6 7 8; do add $i src h264-180p aac; done
gen "$grow" --window 60s
is "$(grep -v '^#EXT-X-\(ENDLIST\|DISC\)' "$live" | head -n \
    "$(grep -vc '^#EXT-X-\(ENDLIST\|DISC\)' "$tmp/old")")" \
    "$(grep -v '^#EXT-X-\(ENDLIST\|DISC\)' "$tmp/old")" \
    'a key for later changes nothing of before'
is "$(grep -o 'T2213[^.]*' "$live" | grep Z | uniq -c | tr -s ' \n' ' ')" \
    ' 5 T221320Z 3 T221325Z ' 'and counts from its date'
is "$(frames "$live" v)" 200 'ffmpeg goes over it'

# Another key under an old name makes other files.
key 20231114T221325Z 0000000000000000
gen "$grow" --window 60s
is "$(frames "$live" v)" 200 'a key that was changed opens what is listed'

# With the fragments the files go.
for i in 9 10; do add $i src h264-180p aac; done
gen "$grow" --vod --segment 4s
is "$(find "$grow/www/cam/aac" -path '*/aes/*.m4s' | wc -l)" 14 \
    'files of two lengths and three keys'
find "$grow/www" -name '*.m3u8' -delete
run /dev/null segment-store expire --spool "$grow" --bytes 1 --force cam
is "$(find "$grow/www/cam/aac" -name '0*.m4s' | sed 's,.*/0*,,' | sort)" \
    '10.m4s' 'expire takes the files of what it removes'
is "$(find "$grow/www" -name aes)" '' 'and their directories'

# Refused: what would be wrong, or in the clear.
refused() {		# refused STATUS MESSAGE NAME: what gen says
	status_is "$1" "$3"
	stderr_has "$2" 'which is said'
}
printf short >"$keys/cam/20231114T221320Z.key"
gen "$full" --vod
refused 78 'has 5 bytes, a key has 16' 'a short key'
rm -f "$keys/cam/20231114T221320Z.key"
gen "$full" --vod
refused 78 'no key for what is dated 2023-11-14T22:13:20.123Z' 'no key yet'
key 20231114T221320Z 0123456789abcdef
chmod 644 "$keys/cam/20231114T221320Z.key"
gen "$full" --vod
refused 78 'everybody may use it' 'an open key'
mv "$keys/cam" "$keys/other"
gen "$full" --vod
refused 78 'cannot open its keys' 'a stream without keys'
gen "$full" --low-latency
refused 64 'choose one' 'low latency'
run /dev/null playlist-gen --spool "$full" --encrypt "$keys"
refused 64 'go together' 'no URI'
run /dev/null playlist-gen --spool "$full" --key-uri x
refused 64 'go together' 'no keys'
done_testing
