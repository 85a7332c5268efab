#!/bin/sh
# transcode-job: AAC and Opus, a second at a time, joined without a trace.
#
# AUDIO_SECONDS: how long the stream is whose samples are counted (default: 8)
here=${0%/*}
. "$here/../tap.sh"
export LIVESPOOL_SPOOL="$tmp/spool"
seconds=${AUDIO_SECONDS:-8}

cat >"$tmp/ladder.yaml" <<'EOT'
audio:
  aac: {codec: aac, bitrate: 96k}
  opus: {codec: opus, bitrate: 64k}
EOT

# stream NAME RATE SECONDS SOUND [OPTION...]: publish it; $tmp/NAME.raw is what
# its encoder left of it, at 48 kHz
stream() {
	name=$1 rate=$2 long=$3 sound=$4; shift 4
	ffmpeg -nostdin -v error -f lavfi -i "color=size=32x32:rate=10" \
	    -f lavfi -i "$sound" -t "$long" -c:v libx264 -preset ultrafast \
	    -g 10 -ar "$rate" -ac 1 -c:a aac -b:a 192k "$@" -f flv \
	    "$tmp/$name.flv"
	fragment-split <"$tmp/$name.flv" | segment-store put "$name" \
	    >"$tmp/$name.lines"
	raw "$tmp/$name.flv" "$tmp/$name.raw"
}
raw() {
	ffmpeg -nostdin -v error -y -i "$1" -vn -ar 48000 -f f32le "$2"
}
make() { cut -f1 "$tmp/$1.lines" | transcode-job --ladder "$tmp/ladder.yaml"; }
whole() {		# whole NAME RENDITION
	cat "$tmp/spool/www/$1/$2/init-000001.mp4" \
	    "$tmp/spool/www/$1/$2/000001/"*/*.m4s >"$tmp/$1.$2.mp4"
}
# borders NAME RENDITION FRAME RATE: in frames at 48 kHz
borders() {
	"$here/../boxes.pl" "$tmp/spool/www/$1/$2/000001/"*/*.m4s |
	    awk -F '\t' -v frame="$3" -v rate="$4" 'NR > 1 {
		printf "%d ", $3 / rate * 48000 / frame }'
}
# The three frames at the borders are as good as the rest, to within 1.5 dB,
# or as an encoder that never stopped makes these.
good() {
	awk -v a="$1" -v b="$2" 'BEGIN { split(a, x); split(b, y)
	    exit !(x[1] > x[2] - 1.5 || x[1] > y[1] - 1.5) }'
}

chord="aevalsrc=0.15*(sin(2*PI*220*t)+sin(2*PI*277.2*t)+sin(2*PI*329.6*t))*(1+0.8*sin(2*PI*1.7*t)):s=48000"
sweep="aevalsrc=0.5*sin(2*PI*(100*t+300*t*t)):s=48000"
noise="anoisesrc=color=pink:amplitude=0.4:seed=7:sample_rate=48000,tremolo=f=5:d=0.9"
for kind in chord sweep noise; do
	eval "sound=\$$kind"
	stream "$kind" 48000 6 "$sound"
	make "$kind" >"$tmp/out" 2>"$tmp/err"
	ok $? "$kind: transcoded"
	for codec in aac opus; do
		whole "$kind" $codec
		raw "$tmp/$kind.$codec.mp4" "$tmp/got.raw"
		frame=1024 encoder=aac rate=96k
		[ $codec = aac ] || { frame=960 encoder=libopus rate=64k; }
		at=$(borders "$kind" $codec $frame 48000)
		ffmpeg -nostdin -v error -y -f f32le -ar 48000 -ac 1 \
		    -i "$tmp/$kind.raw" -c:a $encoder -b:a $rate "$tmp/one.mp4"
		raw "$tmp/one.mp4" "$tmp/one.raw"
		# shellcheck disable=SC2086 # numbers
		ours=$("$here/../snr.pl" "$tmp/$kind.raw" "$tmp/got.raw" \
		    $frame $at)
		# shellcheck disable=SC2086
		one=$("$here/../snr.pl" "$tmp/$kind.raw" "$tmp/one.raw" \
		    $frame $at)
		printf '# %s/%s: dB at borders, elsewhere: %s; one encoder: %s\n' \
		    "$kind" $codec "$ours" "$one"
		good "$ours" "$one"; ok $? "$kind/$codec: no border is heard"
	done
done

# The same check on what is made without hearing what was before.
for k in 0 1 2 3 4 5; do
	ffmpeg -nostdin -v error -y -f f32le -ar 48000 -ac 1 -ss $k -t 1 \
	    -i "$tmp/sweep.raw" -c:a aac -b:a 96k "$tmp/naive.mp4"
	raw "$tmp/naive.mp4" "$tmp/second.raw"
	head -c 192000 "$tmp/second.raw"
done >"$tmp/naive.raw"
naive=$("$here/../snr.pl" "$tmp/sweep.raw" "$tmp/naive.raw" 1000 48 96 144 192 240)
printf '# seconds by themselves: %s\n' "$naive"
! good "$naive" '99 99'; ok $? 'seconds made by themselves fail this'

# Another rate: whole frames, each once, whatever the grid's phase.
stream phone 44100 "$seconds" "sine=frequency=440:sample_rate=44100"
make phone >"$tmp/out" 2>"$tmp/err"; ok $? 'a stream of 44.1 kHz'
want=$(ffprobe -v error -select_streams a -show_entries packet=size -of csv=p=0 \
    "$tmp/phone.flv" | wc -l)
for codec in aac opus; do
	frame=1024 rate=44100
	[ $codec = aac ] || frame=960 rate=48000
	"$here/../boxes.pl" "$tmp/spool/www/phone/$codec/000001/"*/*.m4s |
	    awk -F '\t' -v want="$want" -v frame=$frame -v rate=$rate '
	    NR > 1 && $3 != next_dts { print "at", $3, "not", next_dts; bad = 1 }
	    $5 != $4 * frame { print $0; bad = 1 }
	    { next_dts = $3 + $5 }
	    END { unit = 44100 * frame
		n = int((want * 1024 * rate + unit - 1) / unit)
		if (next_dts != n * frame) { print next_dts / frame, n; bad = 1 }
		exit bad }' >"$tmp/err"
	ok $? "$codec: every sample once, for $seconds s"
done
whole phone opus
raw "$tmp/phone.opus.mp4" "$tmp/got.raw"
# shellcheck disable=SC2046
set -- $("$here/../snr.pl" "$tmp/phone.raw" "$tmp/got.raw" 960 \
    $(borders phone opus 960 48000))
printf '# sine, 44.1 to 48 kHz: %s %s\n' "$1" "$2"
awk -v a="$1" 'BEGIN { exit !(a > 30) }'; ok $? 'and at its place'

# One by one, in any order, gives the same bytes.
find "$tmp/spool/www/phone" -name '*.m*' -exec sha256sum {} + | sort \
    >"$tmp/first"
rm -r "$tmp/spool/www/phone"
cut -f1 "$tmp/phone.lines" | sort -r | while read -r path; do
	transcode-job --ladder "$tmp/ladder.yaml" "$path"
done >/dev/null
find "$tmp/spool/www/phone" -name '*.m*' -exec sha256sum {} + | sort \
    >"$tmp/second"
cmp -s "$tmp/first" "$tmp/second"; ok $? 'one by one gives the same bytes'

# What is not there cannot be heard: that is said, and the times stay.
path=$(sed -n 4p "$tmp/phone.lines" | cut -f1)
mv "$(sed -n 3p "$tmp/phone.lines" | cut -f1)" "$tmp/third.mp4"
before=$("$here/../boxes.pl" \
    "$tmp/spool/www/phone/aac/000001/000000/000000004.m4s" | cut -f3-5)
rm "$tmp/spool/www/phone/aac/000001/000000/000000004.m4s"
run /dev/null transcode-job --ladder "$tmp/ladder.yaml" "$path"
status_is 0 'without the fragment before it, sound is made'
stderr_has 'begins without a run-up' 'which is said'
is "$("$here/../boxes.pl" \
    "$tmp/spool/www/phone/aac/000001/000000/000000004.m4s" | cut -f3-5)" \
    "$before" 'with the same times'
done_testing
