#!/bin/sh
# What a decoder that was taken over can do: nothing; and what becomes of its
# fragment, and of the others.
# shellcheck source=tests/tap.sh
. "${0%/*}/../tap.sh"
plant=${BIN%/bin}/tests/plant.so

cat >"$tmp/ladder.yaml" <<'END'
video:
  h264: {codec: h264, height: 90, quality: 30, cap: 500k, preset: ultrafast}
audio:
  aac: {codec: copy}
END
ffmpeg -v error -f lavfi -i testsrc2=s=160x90:r=10:d=3 \
    -f lavfi -i sine=d=3:r=48000 -c:v libx264 -preset ultrafast -g 10 \
    -c:a aac "$tmp/clip.flv"
mkdir "$tmp/master"
fragment-split <"$tmp/clip.flv" |
    segment-store put --spool "$tmp/master" cam >"$tmp/lines"
is "$(wc -l <"$tmp/lines")" 3 'three fragments'
second=src/cam/000001/000000/000000002.mp4
pts=$(ffprobe -v error -select_streams v -show_entries packet=pts \
    -of csv=p=0 "$tmp/master/$second" | sed 's/,.*//;q')

# deed NAME ARG...: done while fragment 2 of 3 is decoded
deed() {
	deed=$1; shift
	rm -rf "$tmp/spool"
	cp -R "$tmp/master" "$tmp/spool"
	run "$tmp/lines" env PLANT="$deed" PLANT_PTS="$pts" \
	    LD_PRELOAD="$plant" LIVESPOOL_SPOOL="$tmp/spool" \
	    transcode-job --ladder "$tmp/ladder.yaml" "$@"
}
made() { cut -f4 "$tmp/out" | sort -u | sed 's/^0*//' | tr '\n' ' '; }
others() {		# others REASON: what fragment 2 failed of
	status_is 1 "$deed: some failed"
	stderr_has "000000002.mp4': $1" "$deed: the reason"
	is "$(made)" '1 3 ' "$deed: the others are made"
	is "$(find "$tmp/spool/www" -name '*000000002*')" '' \
	    "$deed: nothing of it is there"
}

if grep -q __asan_init "$BIN/transcode-job"; then
	skip 'the sanitizer has no sandbox' 'a decoder that was taken over'
	done_testing
	exit
fi

deed reach -v
if grep -q 'not in a sandbox' "$tmp/err"; then
	skip 'this kernel lacks it' 'files, sockets, processes'
else
	status_is 0 'reach: the work goes on'
	is "$(grep -c '^plant: ' "$tmp/err")" 8 'reach: eight attempts'
	is "$(grep '^plant: ' "$tmp/err" | grep -v ': E[A-Z]*$')" '' \
	    'reach: none is let through'
	is "$(made)" '1 2 3 ' 'reach: all fragments are made'
	deed exec
	others 'tried to run a program'
fi
deed crash
others 'crashed: signal 11'
deed hang --timeout 3s
others 'took longer than 3000 ms'
# Who comes last may have to wait for the processor.
deed hang --idle --timeout 100ms
others 'took longer than 6000 ms'
deed spin --cpu-time 1s
others 'used more than 1 s of processor time'
deed eat --memory 512MiB
others ''

# Descriptors are what is left:
# neither the lines to come nor the lines that go out are within its reach.
rm -rf "$tmp/spool"
cp -R "$tmp/master" "$tmp/spool"
mkfifo "$tmp/in"
PLANT=hang PLANT_PTS=$pts LD_PRELOAD=$plant transcode-job \
    --spool "$tmp/spool" --ladder "$tmp/ladder.yaml" --timeout 4s \
    <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
job=$!
pids=$job
exec 3>"$tmp/in"
cat "$tmp/lines" >&3
hanging() {
	child=$(pgrep -P "$job") && grep -q 000000001 "$tmp/out" &&
	    [ "$(find "/proc/$child/fd" -type l | wc -l)" -eq 3 ]
}
wait_for 20 hanging
ok $? 'the decoder has three descriptors'
kill -TERM "$job"
st=0
wait "$job" || st=$?
exec 3>&-
is "$(grep -c 'took longer than 4000 ms' "$tmp/err")" 1 \
    'SIGTERM: the fragment in hand comes to its end'
is "$(made)" '1 ' 'SIGTERM: no other is begun'
status_is 1 'SIGTERM: the status is that of what was done'

# Nobody reads the lines: the job ends, what it published stays.
rm -rf "$tmp/spool"
cp -R "$tmp/master" "$tmp/spool"
{ st=0
  transcode-job --spool "$tmp/spool" --ladder "$tmp/ladder.yaml" \
	<"$tmp/lines" 2>"$tmp/err" || st=$?
  echo "$st" >"$tmp/status"; } | true
is "$(cat "$tmp/status" "$tmp/err")" 141 'no reader: ended, in silence'
done_testing
