#!/bin/sh
# Sound that changes on the way, and sound or pictures that are away for some
# seconds.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"
. "${0%/*}/../made.sh"

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264: {codec: h264, height: 90, quality: 30, cap: 1M, preset: ultrafast}
audio:
  aac: {codec: aac, bitrate: 96k}
  opus: {codec: opus, bitrate: 64k}
END
# clip SECONDS RATE CHANNELS FFMPEG-ARG... FILE
clip() {
	d=$1 rate=$2 channels=$3; shift 3
	ffmpeg -v error -f lavfi -i "testsrc2=s=160x90:r=25:d=$d" -f lavfi \
	    -i "sine=d=$d:r=$rate" -c:v libx264 -preset ultrafast -g 25 \
	    -c:a aac -ac "$channels" "$@"
}
job() {			# job NAME: of NAME.flv
	made "$1"
	cp "$tmp/out" "$tmp/$1.out"
	for r in h264 aac opus; do
		is "$(grep -c "	$r	" "$tmp/$1.out")" \
		    "$(wc -l <"$tmp/lines")" "$1: $r of every fragment"
	done
	segment-store verify --spool "$tmp/$1" >"$tmp/verify" 2>&1
	ok $? "$1: the store finds nothing wrong"
}
join() {		# join NAME RENDITION EPOCH: in $tmp/joined
	cat "$tmp/$1/www/cam/$2/init-$3.mp4" \
	    "$tmp/$1/www/cam/$2/$3"/*/*.m4s >"$tmp/joined"
}
sound() {		# sound NAME RENDITION EPOCH: its rate and channels
	join "$1" "$2" "$3"
	ffprobe -v error -show_entries stream=sample_rate,channels -of \
	    csv=p=0 "$tmp/joined"
}

# An encoder that is set anew while it sends.
change() {		# change NAME RATE CHANNELS
	clip 2 48000 2 "$tmp/1.flv"
	clip 2 "$2" "$3" -output_ts_offset 2 "$tmp/2.flv"
	{ cat "$tmp/1.flv"; tail -c +14 "$tmp/2.flv"; } >"$tmp/$1.flv"
	rm "$tmp/1.flv" "$tmp/2.flv"
	job "$1"
	is "$(sound "$1" aac 000001)" 48000,2 "$1: as it was"
	is "$(sound "$1" aac 000002)" "$2,$3" "$1: and then is"
	is "$(sound "$1" opus 000002)" "48000,$3" "$1: Opus has one rate"
	for e in 000001 000002; do
		join "$1" aac "$e"
		ffmpeg -v warning -xerror -i "$tmp/joined" -f null - \
		    >"$tmp/decode" 2>&1
		is "$(cat "$tmp/decode")" '' "$1: $e decodes"
	done
}
change rate 44100 2
change channels 48000 1

packets() {		# packets FILE KIND: their times in ms
	ffprobe -v error -select_streams "$2" -show_entries packet=pts_time \
	    -of csv=p=0 "$1" | sed 's/,.*//' | sort -n
}
longest() {		# longest FILE KIND: between two, in tenths of a second
	packets "$1" "$2" | awk 'NR > 1 && $1 - t > max { max = $1 - t }
	    { t = $1 } END { printf "%d\n", max * 10 + .5 }'
}
drop() {		# drop TAG-TYPE FROM-MS TO-MS NAME: of whole.flv
	perl -0777 -ne '
	    BEGIN { ($type, $from, $to) = splice @ARGV, 0, 3 }
	    print substr $_, 0, 13;
	    for ($at = 13; $at < length; $at += 15 + $bytes) {
		($t, $b1, $b2, $m1, $m2, $m3) = unpack "CCnCnC", substr $_, $at, 8;
		$bytes = $b1 << 16 | $b2;
		$ms = $m3 << 24 | $m1 << 16 | $m2;
		print substr $_, $at, 15 + $bytes
		    if $t != $type || $ms < $from || $ms >= $to;
	    }' "$1" "$2" "$3" "$tmp/whole.flv" >"$tmp/$4.flv"
}
clip 7 48000 2 "$tmp/whole.flv"
drop 8 2000 5000 mute
is "$(longest "$tmp/mute.flv" a)" 30 'no sound for three seconds'
job mute
join mute h264 000001
is "$(longest "$tmp/joined" v)" 0 'mute: the pictures go on'
is "$(packets "$tmp/joined" v | wc -l)" 175 'mute: all of them'
drop 9 2000 5000 blind
is "$(longest "$tmp/blind.flv" v)" 30 'no pictures for three seconds'
job blind
join blind aac 000001
is "$(longest "$tmp/joined" a)" 0 'blind: the sound goes on'
done_testing
