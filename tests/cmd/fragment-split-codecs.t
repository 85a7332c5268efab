#!/bin/sh
# fragment-split: every codec that Enhanced RTMP and ISO BMFF share.  ffprobe
# reads back what Debian's encoders made, through tests/flv-ertmp.pl.
here=${0%/*}
. "$here/../tap.sh"

ertmp() { perl "$here/../flv-ertmp.pl" "$@"; }

# video NAME ENCODER OPTION...; audio NAME ENCODER OPTION...: NAME.mp4
video() {
	name=$1; shift
	ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=160x96:rate=25 \
	    -t 2 -g 25 -pix_fmt yuv420p -c:v "$@" -strict -2 \
	    "$tmp/$name.mp4" 2>"$tmp/encoder" || exit 99
}
audio() {
	name=$1; shift
	ffmpeg -nostdin -v error -f lavfi -i "sine=sample_rate=48000" -t 2 \
	    -ac 2 -c:a "$@" -strict -2 "$tmp/$name.mp4" 2>"$tmp/encoder" ||
	    exit 99
}
video h264 libx264 -preset ultrafast -bf 2
video hevc libx265 -preset ultrafast -tag:v hvc1 \
    -x265-params log-level=none:open-gop=0:bframes=2
video av1 libaom-av1 -cpu-used 8 -usage realtime -row-mt 0
video vp9 libvpx-vp9 -deadline realtime -cpu-used 8 -lag-in-frames 0
audio aac aac
audio opus libopus
audio mp3 libmp3lame
audio flac flac
audio ac3 ac3
audio eac3 eac3

# read_back FILE: "packet,STREAM,HASH" of each packet, then what the streams
# are; of one stream the packets: hashes FILE.list STREAM
read_back() {
	ffprobe -v error -ignore_editlist 1 -show_entries packet=stream_index,data_hash:stream=codec_name,codec_tag_string,width,height,sample_rate,channels,nb_read_frames \
	    -show_data_hash md5 -count_frames -of csv "$1" 2>&1
}
hashes() { grep "^packet,$2," "$1" | cut -d, -f3; }
about() { grep '^stream,' "$1"; }
for i in h264 hevc av1 vp9 aac opus mp3 flac ac3 eac3; do
	read_back "$tmp/$i.mp4" >"$tmp/$i.want"
done

split() {		# in.flv to out.mp4, out.txt, and what ffprobe says
	run "$tmp/in.flv" fragment-split --no-wallclock
	cp "$tmp/out" "$tmp/out.mp4"
	perl "$here/../fragments.pl" <"$tmp/out.mp4" >"$tmp/out.txt"
	read_back "$tmp/out.mp4" >"$tmp/out.got"
}

# codec NAME TAG SAMPLES: each frame comes out as it went in and decodes;
# SAMPLES are in each frame of audio
codec() {
	ertmp "$tmp/$1.mp4" >"$tmp/in.flv"
	split
	status_is 0 "$1: split"
	is "$(hashes "$tmp/out.got" 0)" "$(hashes "$tmp/$1.want" 0)" \
	    "$1: every frame once, same bytes"
	is "$(about "$tmp/out.got")" "$(about "$tmp/$1.want")" \
	    "$1: the same size, rate and channels; every frame decodes"
	about "$tmp/out.got" | grep -q ",$2,"
	ok $? "$1: is $2"
	awk -v want="$3" '{ split($9, t, ":") } NR == 1 && want > 0 &&
	    t[4] != t[3] * want { bad = 1 }
	    END { exit bad || NR < 2 }' "$tmp/out.txt"
	ok $? "$1: cut each second, with exact durations"
}
codec h264 avc1 0
codec hevc hvc1 0
codec av1 av01 0
codec vp9 vp09 0
codec aac mp4a 1024
codec opus Opus 960
codec mp3 mp4a 1152
codec flac fLaC 4608
codec ac3 ac-3 1536
codec eac3 ec-3 1536

# What publishers do that the standard only allows.
for o in -x -n -exncds; do
	ertmp $o "$tmp/hevc.mp4" "$tmp/opus.mp4" >"$tmp/in.flv"
	split
	is "$st $(hashes "$tmp/out.got" 0) $(hashes "$tmp/out.got" 1)" \
	    "0 $(hashes "$tmp/hevc.want" 0) $(hashes "$tmp/opus.want" 0)" \
	    "HEVC and Opus, $o: every frame once"
done

# Several tracks: all in each fragment, with IDs that tell which they were.
for o in '' -m; do
	ertmp $o "$tmp/h264.mp4" "$tmp/hevc.mp4" "$tmp/aac.mp4" \
	    "$tmp/opus.mp4" >"$tmp/in.flv"
	split
	status_is 0 "four tracks $o: split"
	is "$(awk 'NR == 1 { for (i = 9; i <= NF; i++) { split($i, t, ":")
	    printf "%s ", t[1] } }' "$tmp/out.txt")" '1 2 3 4 ' \
	    "four tracks $o: their IDs"
	for i in 0=h264 1=aac 2=hevc 3=opus; do
		is "$(hashes "$tmp/out.got" "${i%=*}")" \
		    "$(hashes "$tmp/${i#*=}.want" 0)" \
		    "four tracks $o: ${i#*=} is whole"
	done
done

# What no fragment can have is refused by name.
refused() {		# refused NAME OPTION...
	name=$1; shift
	ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=160x96:rate=25 \
	    -f lavfi -i sine -t 1 "$@" -ac 1 -y "$tmp/in.flv" || exit 99
	run "$tmp/in.flv" fragment-split
	status_is 65 "$name"
	stderr_has "codec $name is not supported: want " "$name: named"
}
refused 'Sorenson H.263 (FLV codec 2)' -map 0 -c:v flv
refused 'Screen video (FLV codec 3)' -map 0 -c:v flashsv
refused 'Speex (FLV format 11)' -map 1 -c:a libspeex -ar 16000
refused 'G.711 mu-law (FLV format 8)' -map 1 -c:a pcm_mulaw -ar 8000
refused 'G.711 A-law (FLV format 7)' -map 1 -c:a pcm_alaw -ar 8000
refused 'Nellymoser (FLV format 6)' -map 1 -c:a nellymoser -ar 11025

# MP3 as FLV always had it.
ffmpeg -nostdin -v error -i "$tmp/mp3.mp4" -c copy "$tmp/in.flv" -y
split
is "$st $(hashes "$tmp/out.got" 0)" "0 $(hashes "$tmp/mp3.want" 0)" \
    'MP3 in legacy FLV'
done_testing
