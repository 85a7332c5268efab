# Sourced behind tap.sh and a $tmp/ladder.yaml.
# shellcheck shell=sh disable=SC2154

# made NAME: $tmp/NAME.flv is transcoded in a store of its own, $tmp/NAME; its
# fragments are in $tmp/lines, what the job printed in $tmp/out
made() {
	mkdir "$tmp/$1"
	fragment-split <"$tmp/$1.flv" |
	    segment-store put --spool "$tmp/$1" cam >"$tmp/lines"
	run "$tmp/lines" transcode-job --spool "$tmp/$1" \
	    --ladder "$tmp/ladder.yaml"
	status_is 0 "$1: made"
}
