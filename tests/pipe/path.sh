# shellcheck shell=sh
# Sourced after tap.sh by tests of the whole path.
#
# LIVE_SECONDS and LIVE_SIZE make the same tests longer and larger.
seconds=${LIVE_SECONDS:-6}
size=${LIVE_SIZE:-640x360}
height=${size#*x}
spool=$tmp/spool
export LIVESPOOL_SPOOL="$spool"

# Three sizes of the source, and its sound.
cat >"$tmp/ladder.yaml" <<EOT
video:
  full: {codec: h264, height: $height, quality: 25, cap: 4M, preset: ultrafast}
  half: {codec: h264, height: $((height / 4 * 2)), quality: 25, cap: 2M, preset: superfast}
  third: {codec: h264, height: $((height / 6 * 2)), quality: 25, cap: 1M, preset: ultrafast}
audio:
  aac: {codec: copy}
EOT
video_renditions='full half third'

free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
	    LocalAddr => "127.0.0.1", Listen => 1)->sockport'
}

# listening PORT: somebody does
listening() {
	perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(
	    PeerAddr => "127.0.0.1", PeerPort => shift, Timeout => 1)' "$1"
}

start_live() {		# start_live [OPTION...]: sets $live, $rtmp, $http
	rtmp_port=$(free_port) http_port=$(free_port)
	rtmp=127.0.0.1:$rtmp_port http=127.0.0.1:$http_port
	livespool-live --ladder "$tmp/ladder.yaml" --rtmp "$rtmp" \
	    --http "$http" "$@" 2>>"$tmp/live.log" &
	live=$!
	pids="$pids $live"
	wait_for 20 listening "$rtmp_port" && wait_for 20 listening "$http_port"
}

stop_live() {		# its exit status
	kill "$live"
	wait "$live"
}

# publish STREAM SECONDS KEYINT [OPTION...]: also keeps what it sent, as
# $tmp/STREAM.flv; runs until it is over
publish() {
	publish_to=$1 publish_for=$2 publish_g=$3
	shift 3
	ffmpeg -nostdin -v error -y -re \
	    -f lavfi -i "testsrc2=size=$size:rate=30" \
	    -f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=48000 \
	    -t "$publish_for" -c:v libx264 -preset superfast -bf 2 \
	    -g "$publish_g" -sc_threshold 0 -pix_fmt yuv420p "$@" -c:a aac \
	    -flags +global_header -map 0:v -map 1:a -f tee \
	    "[f=flv:onfail=abort]rtmp://$rtmp/live/$publish_to|[f=flv]$tmp/$publish_to.flv" \
	    2>>"$tmp/publish.log"
}

# The publication of STREAM is over and nothing of it is pending.
complete() {
	segment-store ls "$1" | tail -n 1 | grep -q last &&
	    [ -z "$(segment-store pending --ladder "$tmp/ladder.yaml" "$1")" ]
}

# rendition STREAM RENDITION [EPOCH]: its bytes from the first to the last
rendition() {
	rendition_dir=$spool/www/$1/$2 rendition_epoch=${3:-000001}
	cat "$rendition_dir/init-$rendition_epoch.mp4"
	find "$rendition_dir/$rendition_epoch" -name '*.m4s' | sort |
	    xargs -r cat
}

pts() {			# pts FILE v|a: the presentation times in ms, sorted
	ffprobe -v error -select_streams "$2" -show_entries packet=pts_time \
	    -of csv=p=0 "$1" | awk -F, '{ printf "%.3f\n", $1 }' | sort -n
}

# The frames of each rendition are the source's: once each, same time.
check_frames() {	# check_frames STREAM FLV
	pts "$2" v >"$tmp/want"
	[ -s "$tmp/want" ]; ok $? "$1: the source has frames"
	for r in $video_renditions; do
		rendition "$1" "$r" >"$tmp/rendition.mp4"
		pts "$tmp/rendition.mp4" v >"$tmp/got"
		diff "$tmp/want" "$tmp/got" >"$tmp/err"
		ok $? "$1/$r: $(wc -l <"$tmp/want") frames, each once, same PTS"
		ffmpeg -nostdin -v error -i "$tmp/rendition.mp4" \
		    -fps_mode passthrough -enc_time_base -1 -f null - \
		    2>"$tmp/err" && [ ! -s "$tmp/err" ]
		ok $? "$1/$r: decodes without a complaint"
	done
	rendition "$1" aac >"$tmp/rendition.mp4"
	is "$(pts "$tmp/rendition.mp4" a | wc -l)" "$(pts "$2" a | wc -l)" \
	    "$1/aac: every audio frame"
}

# Fragments join without gap or overlap, and start on a keyframe.
check_joints() {	# check_joints STREAM RENDITION [EPOCH]
	find "$spool/www/$1/$2/${3:-000001}" -name '*.m4s' | sort |
	    xargs "${0%/*}/../boxes.pl" >"$tmp/boxes"
	awk -F '\t' 'NR > 1 && $3 != next_dts {
		    print "gap of " $3 - next_dts " before " $1; bad = 1 }
		$6 != "02000000" { print "no keyframe first: " $1; bad = 1 }
		{ next_dts = $3 + $5; n += $4; total += $5 }
		END { print n, total >"/dev/stderr"; exit bad || NR == 0 }' \
	    "$tmp/boxes" >"$tmp/err" 2>"$tmp/joint-sum"
	ok $? "$1/$2: $(wc -l <"$tmp/boxes") fragments join exactly"
}

# Every original but the last is a second of decode time, to within a frame,
# and the intervals to be shown follow each other without gap or overlap.
check_durations() {	# check_durations STREAM
	segment-store ls "$1" >"$tmp/originals"
	cut -f1 "$tmp/originals" | sed '$d' | xargs "${0%/*}/../boxes.pl" |
	    awk -F '\t' '$2 != 1 { next } { n++ }
		$5 < 87000 || $5 > 93000 { print $1, $5; bad = 1 }
		END { exit bad || n == 0 }' >"$tmp/err"
	ok $? "$1: fragments are 1 s long within a frame"
	awk -F '\t' 'NR > 1 && $6 - end > 1 || end - $6 > 1 {
		    print $4, $6, end; bad = 1 }
		{ end = $6 + $7 } END { exit bad || NR == 0 }' \
	    "$tmp/originals" >"$tmp/err"
	ok $? "$1: their intervals are contiguous"
}
