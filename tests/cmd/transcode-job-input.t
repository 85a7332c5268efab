#!/bin/sh
# What sources look like: shapes, colours, fields, captions.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"
. "${0%/*}/../made.sh"

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264: {codec: h264, height: 144, quality: 20, cap: 4M, preset: ultrafast}
  hevc: {codec: hevc, height: 90, quality: 30, cap: 1M, preset: ultrafast}
END
# make NAME FFMPEG-ARG...: a second of it, transcoded; in $tmp/NAME-RENDITION
make() {
	name=$1; shift
	ffmpeg -v error "$@" -t 1 -g 25 "$tmp/$name.flv"
	made "$name"
	for r in h264 hevc; do
		[ -e "$tmp/$name/www/cam/$r/init-000001.mp4" ] || continue
		cat "$tmp/$name/www/cam/$r/init-000001.mp4" \
		    "$tmp/$name/www/cam/$r"/000001/*/*.m4s >"$tmp/$name-$r"
	done
}
source=testsrc2=r=25:s
facts() {		# facts FILE ENTRIES
	ffprobe -v error -select_streams v -show_entries "stream=$2" \
	    -of csv=p=0 "$1"
}
size() { facts "$tmp/$1" width,height,sample_aspect_ratio; }

make odd -f lavfi -i "$source=321x181" -pix_fmt yuv444p -c:v libx264
is "$(size odd-h264)" 256,144,1:1 'an odd size, 4:4:4'
make wide -f lavfi -i "$source=352x288,setsar=16/11" -pix_fmt yuv420p \
    -c:v libx264
is "$(size wide-h264)" 256,144,1:1 'pixels that are not square'
make small -f lavfi -i "$source=64x48" -pix_fmt yuv420p -c:v libx264
is "$(size small-hevc)" 64,48,1:1 'a source below every rung: its size, once'
is "$(ls "$tmp/small/www/cam/h264")" none-000001 'and no more'
segment-store verify --spool "$tmp/small" >/dev/null &&
    playlist-gen --spool "$tmp/small" --vod
is "$(grep -c '^[^#].*m3u8' "$tmp/small/www/cam/vod.m3u8")" 1 'which the playlist knows'

colours() { facts "$1" color_range,color_space,color_transfer,color_primaries; }
colr() {		# colr FILE: the box, in hex
	perl -0777 -ne '/colrnclx(.{7})/s and print unpack "H*", $1' "$1"
}
make hdtv -f lavfi -i "$source=320x180" -pix_fmt yuv420p -c:v libx264 \
    -colorspace bt709 -color_trc bt709 -color_primaries bt709
is "$(colours "$tmp/hdtv-h264")" tv,bt709,bt709,bt709 'the colours of HDTV'
is "$(colr "$tmp/hdtv-hevc")" 00010001000100 'in colr too'
make hlg -f lavfi -i "$source=320x180" -pix_fmt yuv420p10le -c:v libx264 \
    -colorspace bt2020nc -color_trc arib-std-b67 -color_primaries bt2020
is "$(colours "$tmp/hlg-hevc")" tv,bt2020nc,arib-std-b67,bt2020 \
    'ten bits and HLG: still HLG'
is "$(colr "$tmp/hlg-h264")" 00090012000900 'in colr too'
make full -f lavfi -i "$source=320x180" -pix_fmt yuvj420p -c:v libx264 \
    -colorspace bt709 -color_trc bt709 -color_primaries bt709
is "$(colours "$tmp/full-h264")" pc,bt709,bt709,bt709 'full range stays'
is "$(colr "$tmp/full-h264")" 00010001000180 'in colr too'
make plain -f lavfi -i "$source=320x180" -pix_fmt yuv420p -c:v libx264
is "$(colr "$tmp/plain-h264")" '' 'no colr for what says nothing'

# A bar that moves by 8 pixels a field: a comb, unless fields are dealt with.
combed() {
	ffmpeg -i "$1" -vf idet -f null - 2>&1 |
	    sed -n 's/.*Multi frame detection: TFF: *\([0-9]*\).*/\1/p'
}
make fields -f lavfi -i color=black:s=256x144:r=50 -f lavfi \
    -i color=white:s=32x144:r=50 -filter_complex \
    "overlay=x='mod(n*8,224)',interlace=lowpass=off,format=yuv420p" \
    -c:v libx264 -qp 10 -flags +ilme+ildct
[ "$(combed "$tmp/fields.flv")" -gt 15 ]
ok $? "two fields: combs in the source ($(combed "$tmp/fields.flv") pictures)"
is "$(combed "$tmp/fields-h264")" 0 'none in a rendition'
is "$(ffprobe -v error -count_packets -show_entries \
    stream=nb_read_packets -of csv=p=0 "$tmp/fields-h264")" 25 \
    'as many pictures as there were'

# Captions: an SEI message of ATSC A/53 in front of every picture, two bytes of
# CTA-608 in each: roll up, a line of text, the next line.
ffmpeg -v error -f lavfi -i "$source=320x180:d=1" -pix_fmt yuv420p \
    -c:v libx264 -preset ultrafast -x264-params slices=1:annexb=1 -g 25 \
    -f h264 "$tmp/bare.h264"
perl -0777 -pe '
    sub odd { my $c = shift; $c | (unpack("%8b*", chr $c) % 2 ? 0 : 0x80) }
    @pairs = ("\x14\x25", "\x14\x25", "\x14\x2d", "\x14\x2d",
	"THE QUICK BROWN FOX JUMPS OVER !!" =~ /../g, "\x14\x2d", "\x14\x2d");
    s/\0\0\x01([\x41\x61\x65])/sprintf "\0\0\1\x06\x04\x0e\xb5\0\x31GA94\3\x41\xff\xfc%c%c\xff\x80\0\0\1%s",
	(map { odd(ord $_) } split m##, $pairs[$n++] || "\0\0"), $1/ge' \
    "$tmp/bare.h264" >"$tmp/captions.h264"
make captions -f h264 -r 25 -i "$tmp/captions.h264" -c:v copy -bsf:v \
    setts=ts=N*0.04/TB
captions() {		# captions FILE: pictures with closed captions
	ffprobe -v error -show_frames "$1" | grep -c 'ATSC A53'
}
[ "$(captions "$tmp/captions.flv")" -gt 20 ]
ok $? "captions in the source ($(captions "$tmp/captions.flv") pictures)"
is "$(captions "$tmp/captions-h264")" "$(captions "$tmp/captions.flv")" \
    'and in every picture of H.264'
is "$(captions "$tmp/captions-hevc")" "$(captions "$tmp/captions.flv")" \
    'and of HEVC'
subtitles() {		# subtitles FILE: what a player shows
	(cd "$tmp" && ffmpeg -v error -f lavfi \
	    -i "movie=$1:f=$2[out0+subcc]" -map 0:s -f srt -)
}
subtitles captions.flv flv >"$tmp/captions.srt"
grep -q "QUICK BROWN FOX" "$tmp/captions.srt"
ok $? 'captions that can be read'
for r in h264 hevc; do
	is "$(subtitles "captions-$r" mp4)" "$(cat "$tmp/captions.srt")" \
	    "the same in $r"
done
done_testing
