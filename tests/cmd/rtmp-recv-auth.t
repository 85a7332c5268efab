#!/bin/bash
# rtmp-recv --auth: a program says who may publish.
here=${0%/*}
. "$here/../tap.sh"
. "$here/../rtmp-server.sh"

# Answers by the name, and leaves the last question in a file.
cat >"$tmp/auth" <<'END'
#!/bin/bash
dir=${0%/*}
question=$(cat)
name=${question#*name=}
name=${name%%[[:cntrl:]]*}
printf '%s\n' "$0 $*" >"$dir/argv"
env >"$dir/env"
printf '%s\n' "$question" >"$dir/question"
case $name in
s3cret) echo cam1 ;;
cam2)	[[ $question == *$'\nquery=key=s3cret\n'* ]] && echo cam2 ;;
bad)	echo '../x' ;;
mute)	exit 0 ;;
crash)	kill -SEGV $$ ;;
hang*)	echo $$ >>"$dir/hanging"; sleep 60 & wait ;;
flood)	yes ;;
*)	echo 'not a customer'; echo more; exit 3 ;;
esac
END
chmod +x "$tmp/auth"
# shellcheck disable=SC2016 # the handler's shell expands them
saver='cat >/dev/null; echo "$LIVESPOOL_STREAM" >>"$0/streams"'

start_server --auth "$tmp/auth" --auth-timeout 700ms -- sh -c "$saver" "$tmp"
try s3cret
is "$code" NetStream.Publish.Start 'who is allowed publishes'
wait_for 20 test -s "$tmp/streams"
is "$(cat "$tmp/streams")" cam1 'under the name that was answered'
is "$(sed 's/^port=[0-9]*$/port=N/' "$tmp/question" | tr '\n' ' ')" \
    'app=live name=s3cret query= ip=127.0.0.1 port=N ' \
    'the program has the facts'
is "$(cat "$tmp/argv")" "$tmp/auth " 'without arguments'
! grep -q s3cret "$tmp/env"; ok $? 'and not in its environment'
try 'cam2?key=s3cret'
is "$code" NetStream.Publish.Start 'the query is a fact too'
try nobody
is "$code" NetStream.Publish.Denied 'another status is a refusal'
log_has 'publish refused: not a customer' 'the log has its reason'
! logged more; ok $? 'of one line'
for name in bad mute crash flood; do
	try "$name" 127.0.0.2
	is "$code" NetStream.Failed "a program that is broken: $name"
done
is "$(grep -c "the program's answer is no name" "$tmp/log")" 2 \
    'no name, no stream'
log_has 'the program was killed by signal 11' 'a crash is in the log'
log_has 'no answer of' 'so is the time-out'
try "$(printf 'a\nname=s3cret')"
is "$code" NetStream.Publish.BadName 'nobody writes lines of his own'
! logged s3cret; ok $? 'no key is in the log'
for i in 1 2 3; do try nobody 127.0.0.3; done
try nobody 127.0.0.3
is "$code ${took%.*}" 'NetStream.Publish.Denied 1' \
    'wrong keys are slowed here too'
stop_server
status_is 0 'the server ends'

start_server --auth "$tmp/auth" --auth-timeout 20s -- sh -c "$saver" "$tmp"
rm -f "$tmp/hanging"
perl "$client" "$port" try hang >/dev/null & waiting=$!
pids="$pids $waiting"
wait_for 20 test -s "$tmp/hanging"
try s3cret
is "$code ${took%.*}" 'NetStream.Publish.Start 0' \
    'nobody waits for the question of another'
kill "$waiting"
wait "$waiting" 2>/dev/null
gone() { ! kill -0 "$(cat "$tmp/hanging")"; }
wait_for 20 gone; ok $? 'the program is killed when its publisher leaves'

rm -f "$tmp/hanging"
crowd=
for i in $(seq 20); do
	perl "$client" "$port" try "hang$i" >/dev/null & crowd="$crowd $!"
done
pids="$pids $crowd"
all_16() { [ "$(wc -l <"$tmp/hanging")" -eq 16 ]; }
wait_for 10 all_16; ok $? '16 questions at one time'
: >"$tmp/out"
perl "$client" "$port" try s3cret >"$tmp/out" & last=$!
pids="$pids $last"
# shellcheck disable=SC2086 # a list
kill ${crowd% * * * *}
wait_for 10 grep -q Publish.Start "$tmp/out"
ok $? 'the others wait for their turn'
wait "$last"
stop_server
status_is 0 'the server ends, whoever waits'
none_left() {
	for p in $(cat "$tmp/hanging"); do
		# Its number may be another program's by now.
		grep -q "$tmp/auth" "/proc/$p/cmdline" && return 1
	done
	return 0
}
wait_for 20 none_left; ok $? 'and leaves no program behind'

start_server --once --auth "$tmp/auth"
try s3cret
is "$code" NetStream.Publish.Start 'without a handler'
st=0; wait "$server" || st=$?
status_is 0 'and once'

cp "$tmp/auth" "$tmp/gone"
start_server --auth "$tmp/gone"
rm "$tmp/gone"
try s3cret
is "$code" NetStream.Failed 'a program that is there no more'
log_has 'cannot run it: No such file' 'and the log says so'
stop_server

run /dev/null rtmp-recv --listen 127.0.0.1:0 --auth "$tmp/none"
status_is 69 'a program that is not there'
run /dev/null rtmp-recv --auth "$tmp/auth" --keys "$tmp/keys"
status_is 64 'a program or a file, not both'
done_testing
