#!/bin/sh
# fragment-split: long streams of every shape; each frame comes out once, to
# the millisecond.  Two minutes each, a day with SOAK=1 (make soak).
here=${0%/*}
. "$here/../tap.sh"

stream=${BIN%/bin}/soak/stream
seconds=${SOAK:+86400}
: "${seconds:=120}"

# holds WHAT OPTION...: gen | fragment-split | check
holds() {
	what=$1; shift
	"$stream" gen -t "$seconds" "$@" 2>"$tmp/gen.err" |
	    fragment-split --no-wallclock 2>"$tmp/err" |
	    "$stream" check -t "$seconds" "$@" >"$tmp/out" 2>"$tmp/check.err"
	is "$(cat "$tmp/check.err" "$tmp/err" "$tmp/gen.err")" '' "$what"
	echo "# $(cat "$tmp/out")"
}
holds 'a keyframe each half second, 30 fps' -g 15
holds 'each second, 30 fps, 44.1 kHz' -g 30 -a 44100
holds 'each second, 29.97 fps' -r 30000/1001 -g 30
holds 'each two seconds, 50 fps, B-frames' -r 50 -g 100 -b 2
holds 'each two seconds, 59.94 fps, B-frames, 44.1 kHz' -r 60000/1001 \
    -g 120 -b 3 -a 44100
holds 'each 8.33 seconds, 30 fps, B-frames' -g 250 -b 2
holds 'each 8.33 seconds, 29.97 fps, 44.1 kHz' -r 30000/1001 -g 250 -a 44100
holds 'none after the first, 30 fps' -g 0
holds 'none after the first, 59.94 fps, B-frames' -r 60000/1001 -g 0 -b 2
holds 'any frame rate, 44.1 kHz' -r 0 -g 60 -a 44100
holds 'time that wraps at 24 bits' -g 60 -o 16747215
holds 'time that wraps at 32 bits, B-frames' -g 60 -b 2 -o 4294937296
holds 'no pictures for eight seconds' -g 60 -p 31-39
stdout_has ', 8 without a picture' 'fragments of sound stand for them'
done_testing
