# Sourced behind tap.sh by the tests of playlists: a store to list.
# shellcheck shell=sh disable=SC2154

frag='-movflags +frag_keyframe+empty_moov+default_base_moof -f mp4'
# Set them before make_store for others.
store_s=10 first_seq=1 t1=1700000000123000 t2=1700000120456000
video() {		# video SIZE FILE [GOP]: 25 fps, a moof a GOP
	# shellcheck disable=SC2086
	ffmpeg -v error -nostdin -f lavfi -i "testsrc2=s=$1:r=25" -t "$store_s" \
	    -c:v libx264 -preset ultrafast -bf 0 -g "${3:-25}" \
	    -keyint_min "${3:-25}" -sc_threshold 0 -pix_fmt yuv420p \
	    $frag "$2"
}
store() { "$here/../mkstore.pl" "$full" cam "$@"; }
# make_store DIR: two publications of $store_s, the second with another picture
# size.
make_store() {
	full=$1 second_seq=$((first_seq + store_s))
	mkdir -p "$full/queue"
	video 320x180 "$tmp/v.mp4"
	video 160x90 "$tmp/w.mp4"
	video 192x108 "$tmp/x.mp4"
	ffmpeg -v error -nostdin -f lavfi -i sine=r=48000 -t "$store_s" -c:a aac \
	    -ac 2 -movflags +empty_moov+default_base_moof \
	    -frag_duration 1000000 -f mp4 "$tmp/a.mp4"
	store src 1 "$first_seq" $t1 "$tmp/v.mp4"
	store src 2 "$second_seq" $t2 "$tmp/v.mp4"
	store h264-180p 1 "$first_seq" $t1 "$tmp/v.mp4"
	store h264-180p 2 "$second_seq" $t2 "$tmp/v.mp4"
	store h264-90p 1 "$first_seq" $t1 "$tmp/w.mp4"
	store h264-90p 2 "$second_seq" $t2 "$tmp/x.mp4"
	store aac 1 "$first_seq" $t1 "$tmp/a.mp4"
	store aac 2 "$second_seq" $t2 "$tmp/a.mp4"
}

. "$here/../checked.sh"
# sound FILE NAME: by an independent check, and our own
sound() {
	"$here/../hls.pl" "$1" >"$tmp/err" 2>&1 && checked "$1"
	ok $? "$2"
}
seg() {			# seg SEQ: epoch, group and name of a segment
	printf '%06d/%06d/%09d.m4s' $((1 + ($1 >= second_seq))) $(($1 / 1000)) "$1"
}
# Whole, as put does: somebody may be following.
place() { cp "$1" "$tmp/placed" && mv "$tmp/placed" "$2"; }
add() {			# add SEQ RENDITION...: from $full to $grow
	add_seq=$1; shift
	for r; do
		dir=www/cam/$r name=$(seg "$add_seq")
		if [ "$r" = src ]; then
			dir=src/cam name=${name%.m4s}.mp4
		fi
		mkdir -p "$grow/$dir/${name%/*}"
		place "$full/$dir/$name" "$grow/$dir/$name"
		[ "$r" = src ] || place "$full/$dir/init-${name%%/*}.mp4" \
		    "$grow/$dir/init-${name%%/*}.mp4"
	done
}

gen() {			# gen SPOOL OPTION...
	gen_spool=$1; shift
	run /dev/null playlist-gen --spool "$gen_spool" "$@"
}
last() { tail -n 1 "$1"; }
segments() { grep -c '^#EXTINF' "$1"; }
gen_thrice() {		# gen_thrice OPTION...: at once
	gen_pids=
	for _ in 1 2 3; do
		playlist-gen --spool "$full" "$@" &
		gen_pids="$gen_pids $!"
	done
	st=0
	for pid in $gen_pids; do wait "$pid" || st=$?; done
}
