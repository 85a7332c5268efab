#!/bin/bash
# playlist-gen --check: a good tree is passed over in silence, what is wrong in
# one is named with its line; over HTTP the same, whatever the server does.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../playlists.sh"
. "$here/../serve.sh"

make_store "$tmp/full"
playlist-gen --spool "$full" --live && playlist-gen --spool "$full" --vod
cam=$full/www/cam
check() { run /dev/null playlist-gen --check "$@"; }

check "$cam"
status_is 0 'live and VOD playlists of a store are right'
is "$(cat "$tmp/out" "$tmp/err")" '' 'and nothing is said'
check "$full/www"
status_is 0 'all streams'
check "$cam/main.m3u8" "$cam/vod.m3u8"
status_is 0 'two playlists'

change() {		# change FILE SED: in a copy, $tmp/bad
	rm -rf "$tmp/bad"
	cp -al "$cam" "$tmp/bad"
	sed -i "$2" "$tmp/bad/$1"
}
# found N NAME WANT FILE: of N lines that are printed of $tmp/bad, one begins
# with the place and has WANT
found() {
	check "$tmp/bad/main.m3u8"
	awk -v place="$tmp/bad/$4:" -v want="$3" 'index($0, place) == 1 &&
	    substr($0, length(place) + 1) ~ /^[1-9][0-9]*: / &&
	    index($0, want) { f = 1 } END { exit !f }' "$tmp/out" ||
		st="$st, other words"
	[ "$(wc -l <"$tmp/out")" = "$1" ] || st="$st, not $1 lines"
	[ "$st" = 1 ] || sed 's/^/# /' "$tmp/out" "$tmp/err"
	is "$st" 1 "$2: $3"
}
# wrong NAME WANT FILE SED: that breaks one rule
wrong() { change "$3" "$4"; found 1 "$1" "$2" "$3"; }
# worse N NAME WANT FILE SED: and N - 1 others follow from it
worse() { change "$4" "$5"; found "$1" "$2" "$3" "$4"; }
live=h264-90p/live.m3u8
bad=$live
worse 2 'spaces' 'space at the end of the line (HLS 4.1)' $bad '10s/$/ /'
wrong 'spaces in a list' 'space in an attribute list (HLS 4.2)' main.m3u8 \
    '/180,FRAME/s/,AUDIO/, AUDIO/'
wrong 'a control byte' 'control byte 0x07 (HLS 4.1)' $bad '$a#\x07'
wrong 'no UTF-8' 'not UTF-8 (HLS 4.1)' $bad '$a#\xff'
wrong 'a byte order mark' 'byte order mark (HLS 4.1)' $bad '1s/^/\xef\xbb\xbf/'
wrong 'two versions' 'EXT-X-VERSION twice (HLS 4.4)' $bad '2p'
wrong 'a version too low' 'EXT-X-VERSION is 5, and EXT-X-MAP takes 6 (HLS 8)' \
    $bad 's/VERSION:7/VERSION:5/'
worse 2 'a long segment' 's long, TARGETDURATION 1 (HLS 4.4.3.1)' $bad \
    '0,/EXTINF:1.000000/s//EXTINF:1.500000/'
wrong 'another target' 'TARGETDURATION is 2, in' h264-180p/live.m3u8 \
    's/DURATION:1$/DURATION:2/'
wrong 'a number behind segments' 'behind a segment (HLS 4.4.3.2)' $bad \
    '/MEDIA-SEQUENCE/{h;d};/0000003.m4s/G'
wrong 'no break number' 'no EXT-X-DISCONTINUITY-SEQUENCE (Apple 8.17)' $bad \
    '/DISCONTINUITY-SEQUENCE/d'
wrong 'another break number' 'has discontinuity number' h264-180p/live.m3u8 \
    's/DISCONTINUITY-SEQUENCE:0/DISCONTINUITY-SEQUENCE:1/'
worse 2 'dates that jump' 'from where media time is (HLS 4.4.4.6)' $bad \
    '/T22:13:24/s/:24/:29/'
wrong 'no zone' 'the date has no time zone (HLS 4.4.4.6)' $bad \
    '/T22:13:24/s/Z$//'
worse 3 'no EXTINF' 'a segment without EXTINF (HLS 4.4.4.1)' $bad '$a x.m4s'
wrong 'a codec' 'CODECS is "avc1.64001f,mp4a.40.2" (RFC 6381)' main.m3u8 \
    '/RESOLUTION=320x180,FRAME/s/avc1\.[0-9a-f]*/avc1.64001f/'
wrong 'the size' 'RESOLUTION is 320x181 (HLS 4.4.6.2)' main.m3u8 \
    's/320x180,FRAME/320x181,FRAME/'
wrong 'the frame rate' 'FRAME-RATE is 20.000 (HLS 4.4.6.2)' main.m3u8 \
    '/RESOLUTION=320x180/s/=25\.000/=20.000/'
wrong 'the peak' 'the peak is' main.m3u8 \
    '/RESOLUTION=320x180,FRAME/s/BANDWIDTH=[0-9]*,AVERAGE-BANDWIDTH=[0-9]*/BANDWIDTH=100001,AVERAGE-BANDWIDTH=100000/'
wrong 'no average' 'no AVERAGE-BANDWIDTH (Apple 9.14)' main.m3u8 \
    '/RESOLUTION=320x180,FRAME/s/AVERAGE-BANDWIDTH=[0-9]*,//'
wrong 'no codecs' 'no CODECS (Apple 9.1)' main.m3u8 \
    '/RESOLUTION=320x180,FRAME/s/CODECS="[^"]*",//'
wrong 'no size' 'no RESOLUTION (Apple 9.2)' main.m3u8 's/RESOLUTION=320x180,FRAME/FRAME/'
wrong 'no frame rate' 'no FRAME-RATE (Apple 9.15)' main.m3u8 \
    '/RESOLUTION=320x180/s/FRAME-RATE=25.000,//'
wrong 'a range' "VIDEO-RANGE 'HDR'" main.m3u8 \
    '/RESOLUTION=320x180,FRAME/s/=SDR/=HDR/'
wrong 'a group that is not there' "no AUDIO group 'opus'" main.m3u8 \
    '/RESOLUTION=320x180/s/AUDIO="aac"/AUDIO="opus"/'
wrong 'no language' 'no LANGUAGE (Apple 8.10)' main.m3u8 's/LANGUAGE="und",//'
wrong 'default against autoselect' 'DEFAULT=YES with AUTOSELECT=NO' \
    main.m3u8 's/AUTOSELECT=YES/AUTOSELECT=NO/'
wrong 'a playlist that is not there' 'none.m3u8' main.m3u8 \
    's/URI="aac\/live.m3u8"/URI="aac\/none.m3u8"/'
wrong 'I-frames with sound' 'AUDIO is not for I-frames (HLS 4.4.6.3)' \
    main.m3u8 '/I-FRAME.*192x108/s/$/,AUDIO="aac"/'
wrong 'a range without its I-frame' 'within the I-frame (Apple 6.10)' \
    h264-90p/live-iframes.m3u8 '0,/BYTERANGE:[0-9]*@/s/BYTERANGE:[0-9]*@/BYTERANGE:900@/'

# Media.
media() {		# media N NAME WANT COMMAND...: of a copy's 180p rendition
	rm -rf "$tmp/bad"
	cp -a "$cam" "$tmp/bad"
	(cd "$tmp/bad/h264-180p" && "${@:4}")
	found "$1" "$2" "$3" h264-180p/live.m3u8
}
first=000001/000000/00000000
media 2 'a segment is gone' "'h264-180p/${first}3.m4s'" rm ${first}3.m4s
media 5 'half a segment' 'cut short (HLS 3.1.2)' truncate -s 5000 ${first}3.m4s
media 2 'no init segment' "'h264-180p/init-000001.mp4'" rm init-000001.mp4
media 2 'a bad init segment' "bad init segment 'init-000001.mp4'" \
    truncate -s 300 init-000001.mp4
media 3 'a segment twice' 'and there is no EXT-X-DISCONTINUITY (HLS 4.4.4.3)' \
    cp ${first}2.m4s ${first}3.m4s

# What is no playlist, or not there.
echo text >"$tmp/text.m3u8"
check "$tmp/text.m3u8"
status_is 66 'no playlist'
stderr_has 'the first line is not #EXTM3U' 'and why'
check "$tmp/none.m3u8"
status_is 66 'no file'
mkdir "$tmp/empty"
check "$tmp/empty"
status_is 66 'a directory without playlists'
run /dev/null playlist-gen --check
status_is 64 'no operand'
ln -s /etc/passwd "$tmp/empty/a.m3u8"
check "$tmp/empty/a.m3u8"
status_is 66 'a link is not followed'

# Over HTTP.
serve "$full"
base=$url/cam
check "$base/main.m3u8" "$base/vod.m3u8"
status_is 0 'the same tree by HTTP'
is "$(cat "$tmp/out" "$tmp/err")" '' 'in silence, too'
mv "$cam/aac/live.m3u8" "$cam/aac/gone.m3u8"
check "$base/main.m3u8"
status_is 1 'a playlist that the server has not'
is "$(cut -d ' ' -f 1 "$tmp/out")" "$base/main.m3u8:4:" 'and who names it'
stdout_has 'HTTP status 404' 'with the status'
mv "$cam/aac/gone.m3u8" "$cam/aac/live.m3u8"
check "$base/none.m3u8"
status_is 66 'a URL that is not there'
kill "$server"
wait "$server"
check "$base/main.m3u8"
status_is 69 'no server'

# A server that does all it should not.
cat >"$tmp/server" <<'EOT'
use IO::Socket::INET;
my $l = IO::Socket::INET->new(Listen => 9, LocalAddr => '127.0.0.1') or die;
$SIG{CHLD} = 'IGNORE'; $SIG{PIPE} = 'DEFAULT'; $| = 1;
print $l->sockport, "\n"; close STDOUT;
while (my $s = $l->accept) {
	if (fork) { close $s; next; }
	my ($name) = (<$s> // '') =~ m{^GET /(\S*)};
	1 while (<$s> // "\r\n") ne "\r\n";
	my $ok = "HTTP/1.1 200 OK\r\n";
	my $list = "#EXTM3U\n#EXT-X-VERSION:7\n";
	$list .= "#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=9," .
	    "CODECS=\"mp4a.40.2\"\n$_.m3u8\n" for qw(redirect garbage huge short
	    endless html bomb empty), $ENV{LONG} ? 'mute' : ();
	my $head = "#EXTM3U\n";
	print $s "${ok}Content-Length: " . length($list) . "\r\n\r\n$list"
	    if $name eq 'main.m3u8';
	print $s "HTTP/1.1 302 Found\r\nLocation: /main.m3u8\r\n" .
	    "Content-Length: 0\r\n\r\n" if $name =~ /redirect/;
	print $s "\0\xff" x 500 if $name =~ /garbage/;
	print $s "$ok\r\n$head" if $name =~ /huge/;
	1 while $name =~ /huge/ && print $s '#' x 65536, "\n";
	print $s "${ok}Content-Length: 1000\r\n\r\n$head" if $name =~ /short/;
	print $s "${ok}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"
	    if $name =~ /endless/;
	print $s "${ok}\r\n<html>" if $name =~ /html/;
	print $s "${ok}Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0garbage"
	    if $name =~ /bomb/;
	print $s "${ok}Content-Length: 0\r\n\r\n" if $name =~ /empty/;
	sleep 3600 if $name =~ /mute/;
	exit;
}
EOT
mkfifo "$tmp/port"
perl "$tmp/server" >"$tmp/port" &
pids=$!
read -r port <"$tmp/port"
base=http://127.0.0.1:$port
check "$base/main.m3u8"
status_is 1 'a server that has nothing right'
line=4
for name in redirect garbage huge short endless html bomb empty \
    ${LONG:+mute}; do
	grep -q "^$base/main.m3u8:$line: .*$name.m3u8" "$tmp/out"
	ok $? "$name is told of"
	line=$((line + 2))
done
is "$(wc -l <"$tmp/out")" $(((line - 4) / 2)) 'and no more'
stdout_has 'is redirected, status 302' 'a redirect is not followed'
stdout_has 'is larger than' 'what does not end is cut'
check "$base/redirect.m3u8"
status_is 66 'a URL that is redirected'

# Others' playlists: what ffmpeg writes is right but for what it leaves out.
mkdir "$tmp/fmp4" "$tmp/ts"
ffmpeg -v error -nostdin -i "$tmp/v.mp4" -i "$tmp/a.mp4" -c copy \
    -hls_segment_type fmp4 -hls_time 2 -hls_playlist_type vod \
    -master_pl_name main.m3u8 -f hls "$tmp/fmp4/a.m3u8"
ffmpeg -v error -nostdin -i "$tmp/v.mp4" -i "$tmp/a.mp4" -c copy \
    -hls_time 2 -hls_list_size 6 -hls_flags program_date_time \
    -f hls "$tmp/ts/a.m3u8"
check "$tmp/fmp4/a.m3u8"
is "$st $(cat "$tmp/out")" '0 ' "ffmpeg's fragments: nothing"
check "$tmp/fmp4/main.m3u8"
is "$(sed 's/.*(//' "$tmp/out" | sort | xargs)" 'Apple 9.1) Apple 9.14) Apple 9.15)' \
    'its multivariant playlist: no average, frame rate, codecs'
check "$tmp/ts/a.m3u8"
is "$st $(cat "$tmp/out")" '0 ' "ffmpeg's transport stream: nothing"
done_testing
