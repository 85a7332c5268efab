#!/bin/sh
# Ten bits, and what HDR10 says of a whole stream.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264: {codec: h264, height: 180, quality: 20, cap: 4M}
  hevc: {codec: hevc, height: 180, quality: 20, cap: 4M, depth: 10}
  av1: {codec: av1, height: 90, quality: 30, cap: 1M, preset: 12, depth: 10}
  vp9: {codec: vp9, height: 90, quality: 30, cap: 1M, depth: 10}
  hevc-8: {codec: hevc, height: 90, quality: 30, cap: 1M}
END
facts() {		# facts RENDITION ENTRIES
	ffprobe -v error -select_streams v -show_entries "stream=$2" \
	    -of default=nw=1:nk=1 "$tmp/$1" | paste -sd,
}
join() {		# join SPOOL RENDITION
	cat "$1/www/cam/$2/init-000001.mp4" "$1/www/cam/$2"/000001/*/*.m4s \
	    >"$tmp/$2"
}

# A ramp so slow that it has more levels than eight bits have.
ffmpeg -v error -f lavfi -i color=s=640x180:r=25:d=2 -vf \
    "format=yuv420p10le,geq=lum='256+X/4':cb=512:cr=512" -c:v libx264 \
    -qp 0 -g 50 -colorspace bt2020nc -color_trc smpte2084 \
    -color_primaries bt2020 "$tmp/clip.flv"
mkdir "$tmp/spool"
fragment-split <"$tmp/clip.flv" |
    segment-store put --spool "$tmp/spool" cam >"$tmp/lines"
run "$tmp/lines" transcode-job --spool "$tmp/spool" --ladder "$tmp/ladder.yaml"
status_is 0 'made'
for r in h264 hevc av1 vp9 hevc-8; do
	join "$tmp/spool" "$r"
done
is "$(facts hevc profile,pix_fmt)" 'Main 10,yuv420p10le' 'HEVC of ten bits'
is "$(facts av1 profile,pix_fmt)" 'Main,yuv420p10le' 'AV1'
is "$(facts vp9 profile,pix_fmt)" 'Profile 2,yuv420p10le' 'VP9'
is "$(facts hevc-8 profile,pix_fmt)" 'Main,yuv420p' 'eight if not asked for'
is "$(facts h264 pix_fmt)" yuv420p 'in H.264 always'
for r in hevc av1 vp9; do
	is "$(facts "$r" color_space,color_transfer,color_primaries)" \
	    bt2020nc,smpte2084,bt2020 "$r: still PQ"
done
levels() {		# levels RENDITION: of luma, in the middle line
	ffmpeg -v error -i "$tmp/$1" -frames:v 1 -vf \
	    crop=iw:2:0:ih/2,format=gray10le -f rawvideo - |
	    perl -e 'local $/; $n{$_}++ for unpack "v*", <>; print 0 + keys %n'
}
[ "$(levels hevc)" -gt 120 ]
ok $? "more levels than eight bits have ($(levels hevc))"
[ "$(levels hevc-8)" -lt 80 ]
ok $? "which are fewer ($(levels hevc-8))"
segment-store verify --spool "$tmp/spool" >"$tmp/verify" 2>&1
ok $? 'the store finds nothing wrong'
playlist-gen --spool "$tmp/spool" --vod
for codec in 'hvc1\.2\.' 'av01\.0\.00M\.10' 'vp09\.02\.[0-9]*\.10'; do
	grep -q "$codec" "$tmp/spool/www/cam/vod.m3u8"
	ok $? "the playlist says $codec"
done

# The display a film was mastered on, and how bright it gets.
display='G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)'
ffmpeg -v error -f lavfi -i testsrc2=s=320x180:r=25:d=2 -c:v libx265 \
    -pix_fmt yuv420p10le -preset ultrafast -colorspace bt2020nc \
    -color_trc smpte2084 -color_primaries bt2020 -x265-params \
    "log-level=0:keyint=25:bframes=0:repeat-headers=1:hdr10=1:max-cll=1000,400:master-display=$display" \
    -f hevc "$tmp/first"
# Two seconds more, of an encoder that said it once.
ffmpeg -v error -i "$tmp/first" -c copy -bsf:v filter_units=remove_types=39 \
    -f hevc "$tmp/then"
cat "$tmp/first" "$tmp/then" |
    ffmpeg -v fatal -fflags +genpts -r 25 -f hevc -i - -c copy "$tmp/film.mp4"
mkdir "$tmp/film"
perl "${0%/*}/../flv-ertmp.pl" "$tmp/film.mp4" | fragment-split |
    segment-store put --spool "$tmp/film" cam >"$tmp/lines"
run "$tmp/lines" transcode-job --spool "$tmp/film" --ladder "$tmp/ladder.yaml"
status_is 0 'HDR10: made, though only the first pictures tell of it'
is "$(wc -l <"$tmp/lines")" 4 'of four fragments'
side() {		# side streams|frames FILE: what is said, sorted
	ffprobe -v error -select_streams v "-show_$1" -read_intervals '%+#1' \
	    "$tmp/$2" |
	    grep -E '^(red|green|blue|white_point|min|max)_[a-z]*=' | sort -u
}
cat >"$tmp/said" <<'END'
blue_x=7500/50000
blue_y=3000/50000
green_x=13250/50000
green_y=34500/50000
max_average=400
max_content=1000
max_luminance=10000000/10000
min_luminance=50/10000
red_x=34000/50000
red_y=16000/50000
white_point_x=15635/50000
white_point_y=16450/50000
END
for r in hevc av1 vp9 hevc-8; do
	join "$tmp/film" "$r"
	is "$(side streams "$r")" "$(cat "$tmp/said")" "$r: mdcv and clli"
done
ffmpeg -v error -i "$tmp/hevc" -c copy -f hevc "$tmp/bare"
is "$(side frames bare)" "$(cat "$tmp/said")" 'HEVC: SEI messages as well'
segment-store verify --spool "$tmp/film" >"$tmp/verify" 2>&1
ok $? 'the store finds nothing wrong'
done_testing
