#!/bin/sh
# playlist-gen's MPDs over stores made by hand: updates, breaks, holes, ends.
here=${0%/*}
. "$here/../tap.sh"

. "$here/../playlists.sh"
. "$here/../serve.sh"

# Two publications; the first crosses from a directory into the next.
store_s=14 first_seq=995 t2=1700000030456000
make_store "$tmp/full"

mpd_sound() {		# mpd_sound FILE NAME: by the independent check
	"$here/../mpd.pl" "$1" >"$tmp/err" 2>&1
	ok $? "$2"
}
periods() { sed -n 's/.*Period id="\([^"]*\)".*/\1/p' "$1" | paste -s -d ' '; }
mpd=$full/www/cam/main.mpd

gen "$full" --print --window 60s
status_is 0 'a live MPD'
is "$(tail -n 1 "$tmp/out")" "$mpd" 'is written last'
mpd_sound "$mpd" 'it is sound'
is "$(periods "$mpd")" '1-995 1-1000 2-1009' \
    'a Period for each epoch and directory'
grep -q 'AdaptationSet.*contentType="audio"' "$mpd" &&
    grep -q 'codecs="avc1\.[0-9a-f]\{6\}" width="320" height="180" frameRate="25"/>' "$mpd" &&
    grep -q 'codecs="mp4a.40.2" audioSamplingRate="48000"' "$mpd"
ok $? 'what the Representations are'
cp "$mpd" "$tmp/before"
gen "$full" --print --window 60s
stdout_is /dev/null 'nothing new: nothing is written'
rm "$mpd"
gen "$full" --window 60s & pids="$pids $!"
playlist-gen --spool "$full" --window 60s; wait
cmp -s "$mpd" "$tmp/before"
ok $? 'deleted and made again by two at once: the same bytes'

# As it grows, a second at a time, in a small window.
grow=$tmp/grow
mkdir -p "$grow/queue" "$grow/src" "$grow/www"
mpd=$grow/www/cam/main.mpd
low=$grow/www/cam/low.mpd
rm -f "$tmp/before"
steps=0 unsound=0 changed=0 unsettled=0 late=0
compare() {		# compare MPD BEFORE: if there is one
	[ -e "$1" ] || return 0
	"$here/../mpd.pl" "$1" >>"$tmp/err" 2>&1 || unsound=$i
	if [ -e "$2" ] && ! cmp -s "$2" "$1"; then
		"$here/../mpd.pl" "$2" "$1" >>"$tmp/err" 2>&1 || changed=$i
	fi
	cp "$1" "$2"
}
step() {		# step: and compare with the MPDs before
	gen "$grow" --window 6s --patience 2s --low-latency
	[ "$st" -eq 0 ] || steps=$st
	compare "$mpd" "$tmp/before"
	compare "$low" "$tmp/before-low"
}
# The newest number listed, in any rendition.
newest() {		# newest [MPD]
	awk -F'"' '/startNumber=/ { n = $6 - 1 }
	    /<S / { r = 0; for (i = 1; i < NF; i++) if ($i ~ / r=$/)
		r = $(i + 1); n += r + 1 } END { print n }' "${1:-$mpd}"
}
i=995
while [ $i -le 1021 ]; do
	add $i src h264-180p h264-90p aac
	step
	# An epoch that has ended, with 1008, waits for nothing newer.
	want=$((i - 2))
	if [ $i -ge 1008 ] && [ $want -lt 1008 ]; then want=1008; fi
	[ ! -e "$mpd" ] || [ "$(newest)" -eq $want ] || unsettled=$i
	# With low latency the first of an epoch waits for the second.
	want=$i
	[ $i -ne 1009 ] || want=1008
	[ $i -lt 999 ] || [ "$(newest "$low")" -eq $want ] || late=$i
	i=$((i + 1))
done
is "$steps" 0 'every step succeeds'
is "$unsound" 0 'each MPD is sound: contiguous, of files that begin as it says'
is "$changed" 0 'what must not change over updates does not'
is "$unsettled" 0 'what is older than --patience is listed, and no more'
is "$late" 0 'low latency: what is complete is listed at once'
is "$(periods "$mpd")" '2-1009' 'a Period that left the window is gone'
[ "$(wc -c <"$mpd")" -lt 3000 ]
ok $? 'its size is that of the window'

# What players compute is there: from start + t - offset + d on, for the
# depth of the window and two segments more.
start=$(sed -n 's/.*start="PT\([0-9.]*\)S".*/\1/p' "$mpd")
number=$(sed -n 's/.*startNumber="\([0-9]*\)".*/\1/p' "$mpd" | head -n 1)
awk "BEGIN {
	edge = $t2 / 1e6 + (1021 - 1009 + 1)	# end of what has arrived
	first = $start + ($number - 1009)	# start of what is listed
	last = $start + (1019 - 1009 + 1)	# when the newest is promised
	# It is listed when it is, for as long as the MPD is valid.
	exit !(last + 1 >= edge + 1 + 1 && first <= edge - 6) }"
ok $? 'promised no sooner than it is listed, and for the whole window'

# With low latency its time is that of the arrival.
is "$(sed -n 's/.*start="PT\([0-9.]*\)S".*/\1/p' "$low" | tail -n 1)" \
    "$(awk "BEGIN { printf \"%.6f\", $t2 / 1e6 }")" \
    'low latency: when a Period arrived'
add 1022 src h264-180p h264-90p
gen "$grow" --window 6s --patience 2s --low-latency
is "$(newest "$low")" 1021 'low latency: what is not complete is waited for'
rm "$grow/www/cam/h264-180p/$(seg 1022)" \
    "$grow/www/cam/h264-90p/$(seg 1022)"
gen "$grow" --window 6s --patience 2s
[ ! -e "$low" ]; ok $? 'without --low-latency there is none'

# The end: not before the lingering is over.
add 1022 src h264-180p h264-90p
gen "$grow" --window 6s --patience 2s
is "$(newest)" 1021 'what is not complete is waited for'
add 1022 aac
gen "$grow" --window 6s --patience 2s
is "$(newest)" 1022 'a publication that ended is listed to its end'
grep -q minimumUpdatePeriod "$mpd"; ok $? 'and may go on'
find "$grow" -name '*1022.m*' -exec touch -d '1 hour ago' {} +
gen "$grow" --window 6s --patience 2s --linger 60s
grep -q minimumUpdatePeriod "$mpd"
is $? 1 'after --linger it is over: no minimumUpdatePeriod'
grep -q '<Period id="2-1009".* duration="PT' "$mpd"
ok $? 'the last Period has a duration'
mpd_sound "$mpd" 'and it is sound'

# Holes.
rm -rf "$grow/www" "$grow/src"
i=1009
while [ $i -le 1018 ]; do
	case $i in
	1012) add $i src h264-180p aac ;;
	1014) add $i src h264-180p h264-90p ;;
	1015) ;;
	*) add $i src h264-180p h264-90p aac ;;
	esac
	i=$((i + 1))
done
gen "$grow" --window 20s --patience 1s
is "$(periods "$mpd")" '2-1009 2-1012 2-1013 2-1016' \
    'a hole ends a Period, and what lacks all sound is left out'
mpd_sound "$mpd" 'that is sound'
is "$(sed -n '/id="2-1012"/,/\/Period/s/.*Representation id="\([^"]*\)".*/\1/p' \
    "$mpd" | paste -s -d ' ')" 'h264-180p aac' 'the others go on'
gen "$grow" --vod
mpd_sound "$grow/www/cam/vod.mpd" 'a static MPD with holes'

# With low latency one that leaves is waited for once.
rm -rf "$grow/www" "$grow/src"
edge() {		# edge: what is listed then
	gen "$grow" --window 20s --patience 2s --low-latency
	newest "$low"
}
i=1009
while [ $i -le 1015 ]; do
	add $i src h264-180p h264-90p aac
	i=$((i + 1))
done
for i in 1016 1017; do add $i src h264-180p aac; done
is "$(edge)" 1015 'low latency: a rendition is away'
add 1018 src h264-180p aac
is "$(edge)" 1018 'with patience over all that follows is listed'
add 1019 src h264-180p aac
is "$(edge)" 1019 'and what comes then, at once'
add 1016 h264-90p
is "$(edge)" 1019 'one that comes for older fragments is not waited for'
add 1020 src h264-180p
is "$(edge)" 1019 'sound is'
mpd_sound "$low" 'that is sound, too'

# A Period that began long before the window, at a hole, is still the same.
long=$tmp/long
mkdir -p "$long/queue"
# shellcheck disable=SC2086
ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=64x36:r=5 -t 130 \
    -c:v libx264 -preset ultrafast -bf 0 -g 5 -keyint_min 5 \
    -sc_threshold 0 -pix_fmt yuv420p $frag "$tmp/long.mp4"
for r in src one two; do
	"$here/../mkstore.pl" "$long" cam $r 1 1 $t1 "$tmp/long.mp4"
done
rm "$long/www/cam/two/000001/000000/000000020.m4s"
gen "$long" --window 200s
is "$(periods "$long/www/cam/main.mpd")" '1-1 1-20 1-21' 'a long stream'
of_period() { grep -o 'Period id="1-21" start="[^"]*"\|presentationTimeOffset="[^"]*"' "$long/www/cam/main.mpd" | tail -n 2; }
of_period >"$tmp/want"
gen "$long" --window 6s
is "$(periods "$long/www/cam/main.mpd")" 1-21 'the end of it'
of_period >"$tmp/out"
stdout_is "$tmp/want" 'begins where it did'

# A copy that does not start on keyframes is no Representation.
"$here/../heads.pl" "$grow" cam copy 2 1009-1018 0 2
gen "$grow" --window 20s --patience 1s
grep -q 'id="copy"' "$mpd"
is $? 1 'pictures that start between keyframes are left out'
rm -r "$grow/www/cam/copy"

# Read by others.
gen "$full" --vod
vod=$full/www/cam/vod.mpd
mpd_sound "$vod" 'a static MPD'
is "$(sed -n 's/.*mediaPresentationDuration="\([^"]*\)".*/\1/p' "$vod")" \
    PT28S 'of 28 seconds'
gen "$full" --window 60s
serve "$full"
url=$url/cam
# ffmpeg reads one Period, the longest: here the second epoch.
is "$(ffprobe -v error -count_packets -select_streams v:1 -show_entries \
    stream=nb_read_packets -of csv=p=0 "$url/vod.mpd" | head -n 1 |
    tr -d ,)" 350 'ffmpeg reads every picture of a Period'
ffmpeg -v error -nostdin -xerror -i "$url/vod.mpd" -map 0:v:1 -map 0:a:0 \
    -f null - 2>"$tmp/err"
st=$?
is "$st $(cat "$tmp/err")" '0 ' 'and decodes it'
is "$(curl -s -o "$tmp/got" -w '%{content_type}' "$url/main.mpd")" \
    application/dash+xml 'the media type of an MPD'
curl -sI "$url/main.mpd" | grep -qi '^date: ' ; ok $? 'UTCTiming has its answer'
if command -v gst-launch-1.0 >/dev/null &&
    gst-inspect-1.0 dashdemux2 >/dev/null 2>&1; then
	timeout 60 gst-launch-1.0 -v playbin3 "uri=$url/vod.mpd" \
	    audio-sink="fakesink sync=false" \
	    video-sink="fakesink name=pictures silent=false sync=false" \
	    >"$tmp/out" 2>"$tmp/err"
	is "$(grep -c 'pictures: last-message = chain' "$tmp/out")" 700 \
	    'GStreamer reads every picture of all Periods'
else
	skip 'no dashdemux2' 'GStreamer reads every picture of all Periods'
fi
done_testing
