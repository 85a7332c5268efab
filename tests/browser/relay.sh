# shellcheck shell=bash
# Sourced after tap.sh by the tests of this directory.

need_browser() {	# need_browser [PROGRAM...]: or the test is skipped
	local need
	for need in node "${CHROMIUM:-/usr/bin/chromium}" "$@"; do
		command -v "$need" >/dev/null || {
			printf '1..0 # SKIP no %s\n' "$need"
			exit 0
		}
	done
	[ -e "${0%/*}/../../build/npm/browser/.done" ] || {
		echo 'Bail out! no browser driver: run make browser'
		exit 1
	}
}

# The player page, in $page.
need_page() {
	page=$here/../../build/player
	[ -e "$page/hls.min.js" ] || {
		echo 'Bail out! no page: run make player'
		exit 1
	}
}

# Passes on what a script reports, each test under its own name.
relay() {		# relay NAME
	while IFS= read -r line; do
		case $line in
		'ok '*) ok 0 "$1: ${line#* - }" ;;
		'not ok '*) ok 1 "$1: ${line#* - }" ;;
		*) printf '# %s\n' "$line" ;;
		esac
	done <"$tmp/out"
	status_is 0 "$1"
}
