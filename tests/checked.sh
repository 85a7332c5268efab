# shellcheck shell=sh disable=SC2154
# checked LIST: playlist-gen --check finds nothing wrong; what it does find is
# in $tmp/err.  Where a publication has ended and another may come there is
# nothing to hint at.
checked() {
	checked_st=0
	playlist-gen --check "$1" >"$tmp/found" 2>&1 || checked_st=$?
	[ $checked_st -le 1 ] || cat "$tmp/found" >"$tmp/err"
	[ $checked_st -le 1 ] &&
	    ! grep -v 'no EXT-X-PRELOAD-HINT of the next (HLS B.1)' \
		"$tmp/found" >"$tmp/err"
}
