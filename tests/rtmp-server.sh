# shellcheck shell=sh
# Sourced after tap.sh by tests of rtmp-recv.
client=${0%/*}/../rtmp.pl

# run_server OPTION...: sets $server; $ports that it listens on, $port the
# first and $port2 the last; $url; its log is $tmp/log
run_server() {
	: >"$tmp/ports"
	rtmp-recv -v --ready-fd 9 "$@" 9>"$tmp/ports" >"$tmp/stdout" \
	    2>"$tmp/log" &
	server=$!
	pids="$pids $server"
	wait_for 20 test -s "$tmp/ports"
	ports=$(tr '\n' ' ' <"$tmp/ports")
	ports=${ports% }
	port=${ports%% *} port2=${ports##* }
	url=rtmp://127.0.0.1:$port/live
}
start_server() { run_server --listen 127.0.0.1:0 "$@"; }

stop_server() {		# sets $st
	kill "$server"
	st=0
	wait "$server" || st=$?
}

logged() { grep -qF -- "$1" "$tmp/log"; }
log_has() {		# log_has TEXT NAME
	logged "$1"; ok $? "$2"
	logged "$1" || tail -n 50 "$tmp/log" | sed 's/^/# /'
}

# try NAME [FROM]: publish for a moment; sets $code and $took
try() {
	try_answer=$(perl "$client" "$port" try "$@")
	code=${try_answer% *} took=${try_answer##* }
}
