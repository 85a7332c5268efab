#!/bin/bash
# dash.js and Shaka Player over a live DASH stream whose publisher leaves and
# comes back with another picture.  BROWSER_SECONDS: how long each watches the
# first one.
. "${0%/*}/../tap.sh"
here=$(cd "${0%/*}" && pwd)
modules=$here/../../build/npm/browser/node_modules
seconds=${BROWSER_SECONDS:-10}

for need in node ffmpeg "${CHROMIUM:-/usr/bin/chromium}"; do
	command -v "$need" >/dev/null || {
		printf '1..0 # SKIP no %s\n' "$need"
		exit 0
	}
done
[ -e "$modules/dashjs" ] || {
	echo 'Bail out! no players: run make browser'
	exit 1
}
mkdir -p "$tmp/page" "$tmp/empty" "$tmp/live/queue" "$tmp/live/src" \
    "$tmp/live/www"
cp "$here/players.html" "$modules/dashjs/dist/modern/umd/dash.all.min.js" \
    "$modules/shaka-player/dist/shaka-player.compiled.js" "$tmp/page"

# The publications: at first of 180 and 90 lines, then of 270 and 108.
# The fragments cross from one directory into the next.
first=995
media() {		# media SECONDS SIZE FILE
	ffmpeg -v error -nostdin -f lavfi -i "testsrc2=s=$2:r=25" -t "$1" \
	    -c:v libx264 -preset ultrafast -bf 0 -g 25 -keyint_min 25 \
	    -sc_threshold 0 -pix_fmt yuv420p -f mp4 \
	    -movflags +frag_keyframe+empty_moov+default_base_moof "$3"
}
sound() {		# sound SECONDS FILE
	ffmpeg -v error -nostdin -f lavfi -i sine=r=48000 -t "$1" -c:a aac \
	    -ac 2 -movflags +empty_moov+default_base_moof \
	    -frag_duration 1000000 -f mp4 "$2"
}
# publish EPOCH SEQ FILE FILE: from now on, in the background
publish() {
	publish_now=$(date +%s%6N)
	set -- "$1" "$2" "$publish_now" "$3" "$4"
	"$here/../mkstore.pl" "$tmp/all$1" cam src "$1" "$2" "$3" "$4" &&
	    "$here/../mkstore.pl" "$tmp/all$1" cam big "$1" "$2" "$3" "$4" &&
	    "$here/../mkstore.pl" "$tmp/all$1" cam small "$1" "$2" "$3" "$5" &&
	    "$here/../mkstore.pl" "$tmp/all$1" cam aac "$1" "$2" "$3" \
	    "$tmp/sound.mp4" || return
	"$here/../pace.pl" "$tmp/all$1" "$tmp/live" cam &
	publisher=$!
	pids="$pids $publisher"
}
media $((seconds + 90)) 320x180 "$tmp/180.mp4" &&
    media $((seconds + 90)) 160x90 "$tmp/90.mp4" &&
    media 60 480x270 "$tmp/270.mp4" &&
    media 60 192x108 "$tmp/108.mp4" && sound $((seconds + 90)) "$tmp/sound.mp4"
ok $? 'media for two publications'

playlist-gen --spool "$tmp/live" --follow --patience 1s 2>"$tmp/gen.err" &
pids="$pids $!"
mkfifo "$tmp/ready"
segment-serve --spool "$tmp/live" --listen 127.0.0.1:0 --ready-fd 3 \
    3>"$tmp/ready" & pids="$pids $!"
read -r port <"$tmp/ready"
node "$here/server.js" "$tmp/empty" "$tmp/page" >"$tmp/url" & pids="$pids $!"
wait_for 20 test -s "$tmp/url"; ok $? 'a server for the page'
publish 1 $first "$tmp/180.mp4" "$tmp/90.mp4"
wait_for 20 test -s "$tmp/live/www/cam/main.mpd"; ok $? 'the stream is live'

page=$(cat "$tmp/url")players.html
mpd=http://127.0.0.1:$port/cam/main.mpd
for player in dashjs shaka; do
	node "$here/play.js" --then 108,270 "$page?player=$player&url=$mpd" \
	    "$seconds" 90,180 >"$tmp/$player.out" 2>&1 &
	eval "$player=\$!"
	pids="$pids $!"
done
for player in dashjs shaka; do
	wait_for $((seconds + 60)) grep -q '"engine"' "$tmp/$player.out"
	ok $? "$player: watched for $seconds seconds"
done

kill "$publisher"
wait "$publisher"
newest=$(find "$tmp/live/src" -name '*.mp4' | sort | tail -n 1)
newest=$(basename "$newest" .mp4)
sleep 2		# nobody is there
publish 2 $((10#$newest + 1)) "$tmp/270.mp4" "$tmp/108.mp4"
for player in dashjs shaka; do
	wait "${!player}"; st=$?
	while IFS= read -r line; do
		case $line in
		'ok '*) ok 0 "$player: ${line#* - }" ;;
		'not ok '*) ok 1 "$player: ${line#* - }" ;;
		*) printf '# %s\n' "$line" ;;
		esac
	done <"$tmp/$player.out"
	status_is 0 "$player"
done
is "$(cat "$tmp/gen.err")" '' 'playlist-gen has nothing to say'
done_testing
