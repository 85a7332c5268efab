#!/bin/sh
# Thumbnails: made as renditions are, joined to sheets, shown as the newest.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264-90p: {codec: h264, height: 90, quality: 30, cap: 500k, preset: ultrafast}
thumbnails:
  thumb: {height: 90, every: 2s, quality: 3}
  large: {height: 360}
END
# A colour for each second: what a thumbnail shows can be told.
ffmpeg -v error -f lavfi -i color=red:s=320x180:r=30:d=1 \
    -f lavfi -i color=lime:s=320x180:r=30:d=1 \
    -f lavfi -i color=blue:s=320x180:r=30:d=1 \
    -f lavfi -i color=white:s=320x180:r=30:d=1 \
    -f lavfi -i color=yellow:s=320x180:r=30:d=1 \
    -f lavfi -i color=black:s=320x180:r=30:d=0.5 \
    -filter_complex 'concat=n=6,scale=out_color_matrix=bt709,format=yuv420p' \
    -c:v libx264 -colorspace bt709 -preset veryfast -bf 0 -g 150 \
    -sc_threshold 0 "$tmp/clip.flv"
mkdir "$tmp/spool"
LIVESPOOL_SPOOL=$tmp/spool
export LIVESPOOL_SPOOL
fragment-split <"$tmp/clip.flv" | segment-store put cam >"$tmp/lines"
run "$tmp/lines" transcode-job --ladder "$tmp/ladder.yaml"
status_is 0 'made beside the video'
is "$(cat "$tmp/err")" '' 'a fragment without one is nothing to warn of'
thumb=$tmp/spool/www/cam/thumb large=$tmp/spool/www/cam/large
is "$(segment-store pending --ladder "$tmp/ladder.yaml")" '' \
    'nothing is pending'
is "$(segment-store ls --rendition thumb cam | cut -f4,9 | tr '\t\n' ': ')" \
    '000000001:epoch-start 000000002:gap 000000003:- 000000004:gap 000000005:- 000000006:last,gap ' \
    'a thumbnail every two seconds, and the others are gaps'
segment-store verify >"$tmp/found"
ok $? 'verify takes them for what they are'

colours() {		# colours FILE FILTER: the mean colours, 5 bits each
	ffmpeg -v error -i "$1" -vf "$2,scale=1:1:flags=area,format=rgb24" \
	    -f rawvideo - | od -An -tu1 -w3 |
	    awk '{ printf "%d%d%d ", $1 / 128, $2 / 128, $3 / 128 }'
}
cat "$large"/init-000001.mp4 "$large"/000001/*/*.m4s >"$tmp/large.mp4"
is "$(colours "$tmp/large.mp4" null)" '100 010 001 111 110 000 ' \
    'a thumbnail a second, of the right picture'
is "$(ffprobe -v error -show_entries \
    stream=codec_name,width,height,color_range:packet=pts_time -of csv=p=0 \
    "$tmp/large.mp4" | tr '\n' ' ')" \
    '0.000000 1.000000 2.000000 3.000000 4.000000 5.000000 mjpeg,320,180,pc ' \
    'no larger than the source, and on time'
red=$(ffmpeg -v error -i "$tmp/large.mp4" -frames:v 1 \
    -vf scale=1:1:flags=area,format=rgb24 -f rawvideo - | od -An -tu1)
echo "$red" | awk '{ exit !($1 > 245 && $2 < 8 && $3 < 8) }'
ok $? "red is red ($(echo "$red" | tr -s ' '))"

run /dev/null playlist-gen --live
run /dev/null playlist-gen --vod --print
status_is 0 'playlists, sheets'
is "$(grep -c 'large\|thumb' "$tmp/spool/www/cam/main.m3u8")" 0 \
    'no playlist lists thumbnails'
is "$(find "$large" -name '*.m3u8')" '' 'nor have they one'
is "$(colours "$large/live.jpg" null)" '000 ' 'live.jpg is the newest'
is "$(colours "$thumb/live.jpg" null)" '110 ' 'the newest there is'
sheet=$large/000001/000000/000000001.jpg
stdout_has "$sheet" 'a sheet'
is "$(ffprobe -v error -show_entries stream=width,height -of csv=p=0 \
    "$sheet")" 320,1140 'six, one below another'
for i in 0 1 2 3 4 5; do
	colours "$sheet" "crop=320:180:0:$((192 * i))"
done >"$tmp/colours"
is "$(cat "$tmp/colours")" '100 010 001 111 110 000 ' 'each in its place'
sed -n '3,$s/05\.50./05.500/; 3,$p' "$thumb/vod.vtt" >"$tmp/cues"
cat >"$tmp/want" <<'END'
00:00:00.000 --> 00:00:02.000
000001/000000/000000001.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
000001/000000/000000001.jpg#xywh=0,96,160,90

00:00:04.000 --> 00:00:05.500
000001/000000/000000001.jpg#xywh=0,192,160,90

END
cmp -s "$tmp/cues" "$tmp/want"
ok $? 'the VTT says when and where'
diff "$tmp/want" "$tmp/cues" | sed 's/^/# /'
first=$(ffmpeg -v error -i "$sheet" -vf crop=320:180:0:0 -f md5 -)
part=$(ffmpeg -v error -i "$tmp/large.mp4" -frames:v 1 -f md5 -)
is "$first" "$part" 'a sheet has the very pictures'

find "$tmp/spool/www" -type f ! -name '*.m4s' ! -name 'init-*' \
    -exec sha256sum {} + | sort >"$tmp/before"
find "$large" "$thumb" -name '*.jpg' -exec rm {} +
rm "$thumb/vod.vtt"
playlist-gen --live && playlist-gen --vod
find "$tmp/spool/www" -type f ! -name '*.m4s' ! -name 'init-*' \
    -exec sha256sum {} + | sort | cmp -s "$tmp/before" -
ok $? 'removed and made again: the same bytes'
run /dev/null playlist-gen --vod --print
is "$(cat "$tmp/out")" '' 'made again: nothing changed, nothing is written'
rm "$large/000001/000000/000000002.m4s"
run /dev/null segment-store pending --ladder "$tmp/ladder.yaml"
is "$(cut -f4 "$tmp/out")" 000000002 'a lost one is pending'
cp "$tmp/out" "$tmp/lines"
run "$tmp/lines" transcode-job --ladder "$tmp/ladder.yaml"
is "$(cut -f4,5 "$tmp/out" | tr '\t' ' ')" '000000002 large' 'and made again'

# Not a picture at all, with the right checksums.
cat "$large/init-000001.mp4" "$large/000001/000000/000000001.m4s" \
    >"$tmp/one.mp4"
perl -I"${0%/*}/.." -MFragment=seal -0777 -ne \
    's/\xff\xd8\xff\xe0/\xff\xd8\xff\xdd/; print seal($_)' \
    "$large/000001/000000/000000001.m4s" >"$tmp/bad.m4s"
cat "$tmp/bad.m4s" >"$large/000001/000000/000000001.m4s"
run /dev/null playlist-gen --vod
status_is 0 'a thumbnail that is no JPEG'
stderr_has "thumbnail 1 of 'cam': JPEG at byte" 'is named'
is "$(grep -c xywh "$large/vod.vtt")" 5 'and left out'
done_testing
