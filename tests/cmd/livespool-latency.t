#!/bin/bash
# livespool-latency, over a stream whose delays are known.
. "${0%/*}/../tap.sh"
here=$(cd "${0%/*}" && pwd)

run /dev/null livespool-latency
status_is 64 'no spool'
run /dev/null livespool-latency --spool "$tmp/none"
status_is 66 'a spool that is not there'
mkdir -p "$tmp/live"/{queue,src,www}
run /dev/null livespool-latency --spool "$tmp/live" --for 0s
status_is 64 'no time'
run /dev/null livespool-latency --spool "$tmp/live" ../live
status_is 64 'a name that is none'
run /dev/null livespool-latency --spool "$tmp/live" cam
status_is 66 'a stream that is not there'
run /dev/null livespool-latency --spool "$tmp/live" --for 1s
status_is 1 'nothing grows'
stderr_has 'no live playlist has grown' 'and it says so'

# The stamps are as fine as the kernel's tick.  Originals come when they are
# complete, renditions 400 ms later; one never comes,
# and the playlist goes on without it after a second.
ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=64x64:r=10 -t 12 -c:v libx264 \
    -preset ultrafast -g 10 -keyint_min 10 -sc_threshold 0 -pix_fmt yuv420p \
    -f mp4 -movflags +frag_keyframe+empty_moov+default_base_moof "$tmp/v.mp4"
ok $? 'media'
now=$(date +%s%6N)
"$here/../mkstore.pl" "$tmp/src" cam src 1 1 "$now" "$tmp/v.mp4" &&
    "$here/../mkstore.pl" "$tmp/made" cam big 1 1 "$now" "$tmp/v.mp4"
ok $? 'a stream'
base=www/cam/big
mkdir -p "$tmp/live/$base/000001/000000"
ln "$tmp/made/$base/init-000001.mp4" "$tmp/live/$base"
playlist-gen --spool "$tmp/live" --follow --patience 1s 2>"$tmp/gen.err" &
pids="$pids $!"
"$here/../pace.pl" "$tmp/src" "$tmp/live" cam & pids="$pids $!"
for seq in 1 2 3 4 5 6 7 8 9 10; do
	name=000001/000000/$(printf %09d $seq)
	wait_for 20 test -e "$tmp/live/src/cam/$name.mp4" || break
	[ $seq -ne 7 ] || continue
	sleep 0.4
	ln "$tmp/made/$base/$name.m4s" "$tmp/live/$base/$name.m4s"
	: >"$tmp/live/queue/cam+000001+$(printf %09d $seq)"
	rm "$tmp/live/queue/cam+000001+$(printf %09d $seq)"
done & pids="$pids $!"
wait_for 20 test -s "$tmp/live/www/cam/big/live.m3u8"; ok $? 'it is live'
# The same watched by one to whom every original is durable 0.3 ms before it
# ends.
mkdir "$tmp/early"
cat >"$tmp/early/segment-store" <<E
#!/bin/bash
$(command -v segment-store) "\$@" | while IFS= read -r line; do
	ctime=\$(stat -c %.6Z "\$(jq -r .path <<<"\$line")")
	jq -c --argjson us "\${ctime/./}" \
	    '.arrival_us = \$us - .duration_us + 300' <<<"\$line"
done
E
chmod +x "$tmp/early/segment-store"
PATH=$tmp/early:$PATH livespool-latency --spool "$tmp/live" --for 8s \
    --svg "$tmp/early.svg" >"$tmp/early.out" 2>"$tmp/early.err" & early=$!
run /dev/null livespool-latency --spool "$tmp/live" --for 8s \
    --svg "$tmp/out.svg"
status_is 0 'watched for eight seconds'
sed 's/^/# /' "$tmp/out"
read -r stream rendition fragments gaps fragment store transcode list total p95 \
    <<<"$(sed -n 2p "$tmp/out")"
is "$stream $rendition $fragment" 'cam big 1000' 'a line for the rendition'
[ "$fragments" -ge 4 ] && [ "$fragments" -le 10 ]; ok $? 'its fragments'
is "$gaps" 1 'and the gap'
[ "$store" -ge -20 ] && [ "$store" -lt 400 ]; ok $? 'durable when it ends'
[ "$transcode" -ge 400 ] && [ "$transcode" -lt 900 ]
ok $? 'the rendition 400 ms later'
[ "$list" -ge -20 ] && [ "$list" -lt 1000 ]; ok $? 'and listed at once'
[ "$total" -ge 1390 ] && [ "$p95" -ge "$total" ]; ok $? 'the whole'
is "$(grep -c '<rect x="[0-9.]*" y="[0-9]*" width="[0-9.]*" height="22"' \
    "$tmp/out.svg")" 4 'a bar of four stages is drawn'
wait "$early"; ok $? 'watched by the other'
is "$(awk 'NR == 2 { print $6 }' "$tmp/early.out")$(cat "$tmp/early.err")" 0 \
    'what is a little early is not early'
is "$(grep -c 'width="-' "$tmp/early.svg")" 0 'and no bar is less than nothing'
done_testing
