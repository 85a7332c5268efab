# Sourced behind tap.sh by the tests of playlists: a store to list.
# shellcheck shell=sh disable=SC2154

frag='-movflags +frag_keyframe+empty_moov+default_base_moof -f mp4'
video() {		# video SIZE FILE [GOP]: 10 s, 25 fps, a moof a GOP
	# shellcheck disable=SC2086
	ffmpeg -v error -nostdin -f lavfi -i "testsrc2=s=$1:r=25" -t 10 \
	    -c:v libx264 -preset ultrafast -bf 0 -g "${3:-25}" \
	    -keyint_min "${3:-25}" -sc_threshold 0 -pix_fmt yuv420p \
	    $frag "$2"
}
store() { "$here/../mkstore.pl" "$full" cam "$@"; }
# make_store DIR: two publications, two minutes apart; the second with
# another picture size.
t1=1700000000123000 t2=1700000120456000
make_store() {
	full=$1
	mkdir -p "$full/queue"
	video 320x180 "$tmp/v.mp4"
	video 160x90 "$tmp/w.mp4"
	video 192x108 "$tmp/x.mp4"
	ffmpeg -v error -nostdin -f lavfi -i sine=r=48000 -t 10 -c:a aac -ac 2 \
	    -movflags +empty_moov+default_base_moof -frag_duration 1000000 \
	    -f mp4 "$tmp/a.mp4"
	store src 1 1 $t1 "$tmp/v.mp4"
	store src 2 11 $t2 "$tmp/v.mp4"
	store h264-180p 1 1 $t1 "$tmp/v.mp4"
	store h264-180p 2 11 $t2 "$tmp/v.mp4"
	store h264-90p 1 1 $t1 "$tmp/w.mp4"
	store h264-90p 2 11 $t2 "$tmp/x.mp4"
	store aac 1 1 $t1 "$tmp/a.mp4"
	store aac 2 11 $t2 "$tmp/a.mp4"
}

. "$here/../checked.sh"
# sound FILE NAME: by an independent check, and our own
sound() {
	"$here/../hls.pl" "$1" >"$tmp/err" 2>&1 && checked "$1"
	ok $? "$2"
}
seg() {			# seg SEQ: epoch and name of a segment
	printf '%06d/000000/%09d.m4s' $((1 + ($1 > 10))) "$1"
}
add() {			# add SEQ RENDITION...: from $full to $grow
	add_seq=$1; shift
	for r; do
		dir=www/cam/$r name=$(seg "$add_seq")
		if [ "$r" = src ]; then
			dir=src/cam name=${name%.m4s}.mp4
		fi
		mkdir -p "$grow/$dir/${name%/*}"
		cp "$full/$dir/$name" "$grow/$dir/$name"
		[ "$r" = src ] ||
			cp "$full/$dir/init-${name%%/*}.mp4" "$grow/$dir/"
	done
}
