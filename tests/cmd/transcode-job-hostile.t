#!/bin/sh
# Originals whose checksums are right and whose media are an attack: each
# fails or is concealed within its limits, and the others come out the same.
# HOSTILE_FRAGMENTS: how many, 30 by default.  HOSTILE_SEED: which.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"
hostile=${0%/*}/../hostile.pl
many=${HOSTILE_FRAGMENTS:-30} seed=${HOSTILE_SEED:-1}

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264: {codec: h264, height: 64, quality: 30, cap: 500k, preset: ultrafast}
audio:
  aac: {codec: aac, bitrate: 64k}
thumbnails:
  thumb: {height: 64}
END
# clip NAME CODEC SECONDS ARG...: into $tmp/NAME, a keyframe a second
clip() {
	name=$1 codec=$2 d=$3; shift 3
	ffmpeg -v error -f lavfi -i "testsrc2=s=128x96:r=10:d=$d" \
	    -f lavfi -i "sine=d=$d:r=48000" -c:v "$codec" -g 10 "$@" \
	    -c:a aac "$tmp/$name.flv"
	mkdir "$tmp/$name"
	fragment-split <"$tmp/$name.flv" |
	    segment-store put --spool "$tmp/$name" cam >"$tmp/$name.lines"
}
job() {			# job SPOOL ARG...: the lines of $tmp/clip
	job_spool=$1; shift
	run "$tmp/clip.lines" transcode-job --spool "$tmp/$job_spool" \
	    --ladder "$tmp/ladder.yaml" --timeout 20s --memory 1GiB "$@"
}
original() { printf '%s/src/cam/000001/000000/%09d.mp4' "$tmp/$1" "$2"; }
# Ended by a signal, so by a crash: libavcodec's, in its jail.
crashes() { grep -c 'crashed: ' "$tmp/err"; }

clip clip libx264 10 -preset veryfast -bf 2
job clip
status_is 0 'the clip itself'

# Every other original is hostile; rounds of five, until there are MANY.
rounds=$(((many + 4) / 5)) round=0 changed=0 lost=0 crashed=0 bad=0 slow=0
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	rm -rf "$tmp/round"
	mkdir "$tmp/round"
	cp -R "$tmp/clip/src" "$tmp/round"
	for i in 2 4 6 8 10; do
		original round "$i"
		echo
	done | xargs "$hostile" "$((seed * 100000 + round))" any
	begun=$(date +%s)
	job round
	[ $(($(date +%s) - begun)) -le 120 ] || slow=$((slow + 1))
	[ "$st" -eq 0 ] || [ "$st" -eq 1 ] || bad=$((bad + 1))
	crashed=$((crashed + $(crashes)))
	lost=$((lost + $(grep -c "error: '" "$tmp/err")))
	for i in 1 3 5 7 9; do
		f=$(printf '000001/000000/%09d.m4s' "$i")
		cmp -s "$tmp/clip/www/cam/h264/$f" "$tmp/round/www/cam/h264/$f" &&
		    cmp -s "$tmp/clip/www/cam/thumb/$f" \
		    "$tmp/round/www/cam/thumb/$f" &&
		    [ -e "$tmp/round/www/cam/aac/$f" ] ||
		    changed=$((changed + 1))
	done
	segment-store verify --spool "$tmp/round" >"$tmp/found" || bad=$((bad + 1))
done
is "$bad" 0 "$((rounds * 5)) hostile originals: the job ends as it should"
is "$slow" 0 'and in time'
is "$changed" 0 'the pictures of all others are what they were'
[ "$lost" -lt "$((rounds * 5))" ]
ok $? "$lost failed, of which $crashed crashed in their jail"
[ "$lost" -gt 0 ]
ok $? 'not all can be concealed'

# One hostile original among ten, and what is said of it.
one() {			# one KIND: fragment 5
	rm -rf "$tmp/one"
	mkdir "$tmp/one"
	cp -R "$tmp/clip/src" "$tmp/one"
	"$hostile" "$seed" "$1" "$(original one 5)"
	job one --cpu-time 10s
	is "$(find "$tmp/one/www/cam/h264" -name '*.m4s' ! -name '000000005*' |
	    wc -l)" 9 "$1: the others are made"
}
one zero
status_is 1 'zero: it fails'
stderr_has "000000005.mp4': no picture could be decoded" 'zero: and why'
one side=16384
stderr_has "000000005.mp4': " '16384 by 16384: is told'
one side=8192
stderr_has "000000005.mp4': " '8192 by 8192: is told'
clip other libx264 1 -preset ultrafast -bf 0 -s 320x240 -pix_fmt yuv444p
one "swap=$(original other 1)"
stderr_has "000000005.mp4': " 'the parameters of another stream: are told'

# A bomb: few bytes, many pixels.
ffmpeg -v error -f lavfi -i color=black:s=4096x4096:r=4:d=1 -c:v libx264 \
    -preset ultrafast -tune zerolatency "$tmp/bomb.flv"
mkdir "$tmp/bomb"
fragment-split <"$tmp/bomb.flv" |
    segment-store put --spool "$tmp/bomb" cam >"$tmp/bomb.lines"
if grep -q __asan_init "$BIN/transcode-job"; then
	skip 'the sanitizer reserves terabytes' 'a bomb beyond the memory'
	tries='1 2 3'
else
	run "$tmp/bomb.lines" transcode-job --spool "$tmp/bomb" \
	    --ladder "$tmp/ladder.yaml" --memory 64MiB
	# libavcodec says of no more than that there was no picture.
	[ "$st" -eq 71 ] || [ "$st" -eq 65 ]
	ok $? "a bomb beyond the memory (status $st)"
	tries='2 3'
fi
for i in $tries; do
	run "$tmp/bomb.lines" transcode-job --spool "$tmp/bomb" \
	    --ladder "$tmp/ladder.yaml" --timeout 10ms
done
stderr_has 'took longer than 10 ms' 'a bomb beyond the time'
stderr_has 'given up after 3 tries' 'is parked in the end'
run "$tmp/bomb.lines" transcode-job --spool "$tmp/bomb" \
    --ladder "$tmp/ladder.yaml"
status_is 65 'and refused'
done_testing
