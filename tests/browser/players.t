#!/bin/bash
# Players that are not ours over a live stream whose publisher leaves and comes
# back with another picture: hls.js, with low latency and without, Shaka Player
# and the browser's own over HLS; dash.js and Shaka Player over DASH.  And then
# dash.js with low latency, for which there is no room beside the others.
# BROWSER_SECONDS: how long each watches the first one; RECONNECTS: how often
# the publisher comes back, with the first picture every other time; PLAYERS:
# which of them, dashjs-low and shaka-low too.
. "${0%/*}/../tap.sh"
here=$(cd "${0%/*}" && pwd)
. "$here/../serve.sh"
modules=$here/../../build/npm/browser/node_modules
seconds=${BROWSER_SECONDS:-10}

reconnects=${RECONNECTS:-1}
players=${PLAYERS:-hlsjs hlsjs-low shaka-hls native dashjs shaka}

. "$here/relay.sh"
need_browser ffmpeg
mkdir -p "$tmp/page" "$tmp/live/queue" "$tmp/live/src" \
    "$tmp/live/www"
cp "$here/players.html" "$here/../../build/player/hls.min.js" \
    "$modules/dashjs/dist/modern/umd/dash.all.min.js" \
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
    media 90 480x270 "$tmp/270.mp4" &&
    media 90 192x108 "$tmp/108.mp4" && sound $((seconds + 90)) "$tmp/sound.mp4"
ok $? 'media for two publications'

playlist-gen --spool "$tmp/live" --follow --low-latency --patience 1s \
    2>"$tmp/gen.err" &
pids="$pids $!"
serve "$tmp/live" --page "$tmp/page"
publish 1 $first "$tmp/180.mp4" "$tmp/90.mp4"
wait_for 20 test -s "$tmp/live/www/cam/main.mpd"; ok $? 'the stream is live'

then=()
for ((i = 1; i <= reconnects; i++)); do
	[ $((i % 2)) -eq 1 ] && then+=(--then '108,270') ||
	    then+=(--then '90,180')
done
declare -A watchers
watch() {		# watch PLAYER SECONDS HEIGHTS [OPTION...]
	local player=$1 seconds=$2 heights=$3 url=cam/main.m3u8
	shift 3
	case $player in
	dashjs|shaka) url=cam/main.mpd ;;
	dashjs-low|shaka-low) url=cam/low.mpd ;;
	esac
	# Beside all the others one may linger at its start.
	node "$here/play.js" --slack 1.5 --when "$tmp/all" "$@" \
	    "http://127.0.0.1:$port/players.html?player=${player%-hls}&url=$url" \
	    "$seconds" "$heights" >"$tmp/$player.out" 2>&1 &
	watchers[$player]=$!
	pids="$pids $!"
}
judge() {		# judge PLAYER: when it has watched
	st=0
	wait "${watchers[$1]}" || st=$?
	cp "$tmp/$1.out" "$tmp/out"
	relay "$1"
}
for player in $players; do
	watch "$player" "$seconds" 90,180 "${then[@]}"
done
# A browser that starts takes the time of those that play.
all_play() {
	local player
	for player in $players; do
		grep -q '^ok 1 ' "$tmp/$player.out" ||
		    ! kill -0 "${watchers[$player]}" 2>/dev/null || return 1
	done
}
wait_for 60 all_play; ok $? 'all of them play, or say why not'
: >"$tmp/all"

# All of them have come so far: watched the first picture, the one after I
# reconnects, or given up.
arrived() {		# arrived I
	local player
	for player in $players; do
		[ "$(grep -c 'then plays' "$tmp/$player.out")" -ge "$1" ] &&
		    grep -q '"engine"' "$tmp/$player.out" ||
		    ! kill -0 "${watchers[$player]}" 2>/dev/null || return 1
	done
}
wait_for $((seconds + 60)) arrived 0; ok $? "watched for $seconds seconds"
for ((i = 1; i <= reconnects; i++)); do
	kill "$publisher"
	wait "$publisher"
	newest=$(find "$tmp/live/src" -name '*.mp4' | sort | tail -n 1)
	newest=$(basename "$newest" .mp4)
	sleep 2		# nobody is there
	if [ $((i % 2)) -eq 1 ]; then
		publish $((i + 1)) $((10#$newest + 1)) "$tmp/270.mp4" "$tmp/108.mp4"
	else
		publish $((i + 1)) $((10#$newest + 1)) "$tmp/180.mp4" "$tmp/90.mp4"
	fi
	wait_for 90 arrived "$i"; ok $? "the publisher came back: $i"
done
for player in $players; do
	judge "$player"
done
if [ -z "${PLAYERS:-}" ]; then
	if [ $((reconnects % 2)) -eq 1 ]; then heights=108,270
	else heights=90,180; fi
	watch dashjs-low 5 $heights
	judge dashjs-low
	# The time of low.mpd is that of the arrival; that of main.mpd is
	# later by --patience and three seconds.
	median() {
		sed -n 's/.*"latency_ms":{"median":\([0-9]*\).*/\1/p' "$tmp/$1.out"
	}
	low=$(median dashjs-low) main=$(($(median dashjs) + 4000))
	[ "${low:-99999}" -lt "$main" ]
	ok $? "low latency: $low ms, which is less than $main"
fi
is "$(cat "$tmp/gen.err")" '' 'playlist-gen has nothing to say'
done_testing
