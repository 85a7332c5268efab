# Sourced behind tap.sh.
# shellcheck shell=sh disable=SC2034,SC2154

# serve SPOOL [OPTION...]: an origin in the background, which is $server, and
# at $url when it is ready
serve() {
	serve_spool=$1; shift
	[ -p "$tmp/ready" ] || mkfifo "$tmp/ready"
	segment-serve --spool "$serve_spool" --listen 127.0.0.1:0 \
	    --ready-fd 3 "$@" 3>"$tmp/ready" &
	server=$!
	pids="$pids $server"
	read -r port <"$tmp/ready"
	url=http://127.0.0.1:$port
}
