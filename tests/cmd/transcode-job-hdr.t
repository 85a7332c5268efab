#!/bin/sh
# Ten bits.
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
done_testing
