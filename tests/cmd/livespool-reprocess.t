#!/bin/bash
# livespool-reprocess: what is missing is made, also after kill -9.
#
# REPROCESS_SECONDS: how much is stored (default: 12; the long form is 3600).
# REPROCESS_MS: how soon it is known that there is nothing to do (default: 5000;
# 1000 where nothing else runs).
. "${0%/*}/../tap.sh"
spool=$tmp/spool
export LIVESPOOL_SPOOL="$spool"
seconds=${REPROCESS_SECONDS:-12} within=${REPROCESS_MS:-5000}
cat >"$tmp/ladder.yaml" <<'EOT'
video:
  small: {codec: h264, height: 90, quality: 28, cap: 300k, preset: ultrafast}
  late: {codec: h264, height: 64, quality: 28, cap: 300k, tier: batch}
EOT
reprocess() { run /dev/null livespool-reprocess --ladder "$tmp/ladder.yaml" "$@"; }

run /dev/null livespool-reprocess
status_is 64 'no ladder is wrong usage'
run /dev/null livespool-reprocess --ladder /nonexistent
status_is 66 'a ladder that is not there'
run /dev/null livespool-reprocess --group 0 --ladder "$tmp/ladder.yaml"
status_is 64 'no group of nothing'

ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=160x90:rate=10 -t 8 \
    -c:v libx264 -preset ultrafast -g 25 -f flv "$tmp/clip.flv"
ffmpeg -nostdin -v error -stream_loop -1 -i "$tmp/clip.flv" -t "$seconds" \
    -c copy -f flv - | fragment-split >"$tmp/fragments"
fragment-split <"$tmp/clip.flv" >"$tmp/few" 2>"$tmp/err"
segment-store put rec <"$tmp/fragments" >"$tmp/lines"
count=$(wc -l <"$tmp/lines")
cp -r "$spool" "$tmp/whole"

# Everything in the renditions' directories, with its sums.
sums() { (cd "$1/www" && find . -type f | sort | xargs sha256sum); }
reprocess --spool "$tmp/whole" --joblog "$tmp/joblog"
status_is 0 'uninterrupted'
stderr_has "$count fragments done, 0 left" 'says what it did'
is "$(cut -f5 "$tmp/out" | sort | uniq -c | tr -s ' \n' '  ')" \
    " $count late $count small " 'prints each rendition once, of both tiers'
is "$(head -n 1 "$tmp/joblog" | cut -f1)" Seq 'the joblog is written'
begun=$(date +%s%N)
reprocess --spool "$tmp/whole"
took=$((($(date +%s%N) - begun) / 1000000))
status_is 0 'again'
stderr_has 'nothing to do' 'there is nothing to do'
printf '# %d ms\n' "$took"
[ "$took" -lt "$within" ]; ok $? 'which is soon known'

# What is left of a run whose every process is killed, anywhere, is taken up.
made() { find "$spool/www" -name '*.m4s' 2>/dev/null | wc -l; }
more_than() { [ "$(made)" -gt "$1" ]; }
killed=0
for ((round = 0; round < 20 && killed < 5; round++)); do
	before=$(made)
	setsid livespool-reprocess --ladder "$tmp/ladder.yaml" --group 1 \
	    >"$tmp/out" 2>"$tmp/err" &
	batch=$!
	pids=$batch
	wait_for 60 more_than $((before + RANDOM % (count / 5 + 1)))
	perl -e 'select undef, undef, undef, rand 0.1'
	if kill -9 -- "-$batch" 2>"$tmp/kill"; then
		killed=$((killed + 1))
	else
		rm -rf "$spool/www"	# it was over before: from the beginning
	fi
	wait "$batch" 2>/dev/null
done
is "$killed" 5 'killed five times'
reprocess
status_is 0 'the last one ends it'
is "$(sums "$spool")" "$(sums "$tmp/whole")" 'and the bytes are the same'

# An original whose pre-roll is gone is left, and told of; so is a damaged one.
rm -rf "$spool/www"
first=$(sed -n 1p "$tmp/lines" | cut -f1)
mv "$first" "$tmp/first"
reprocess --tier live
status_is 1 'an original without its pre-roll'
stderr_has ' left' 'is left'
[ "$(made)" -ge $((count - 3)) ]; ok $? 'the others are made'
[ ! -e "$spool/www/rec/late" ]; ok $? 'and only the tier that was asked for'
: >"$first"
reprocess --tier live
stderr_has 'no fragment' 'a damaged original is named'
mv "$tmp/first" "$first"
reprocess
is "$(sums "$spool")" "$(sums "$tmp/whole")" 'what comes back is taken up'

# Through the connections of a livespool-hosts that runs; while it does, there is
# more to do.
rm -rf "$spool/www"
mkdir "$tmp/connected"
echo 1/there >"$tmp/connected/hosts"
cat >"$tmp/connected/.run" <<EOT
#!/bin/sh
echo "\$1" >>"$tmp/hosts"
segment-store put "new\$\$" <"$tmp/few" >/dev/null
shift 2
SHELL=/bin/sh exec sh -c "\$*"
EOT
chmod +x "$tmp/connected/.run"
reprocess --sshloginfile "$tmp/connected" --tier live
status_is 0 'on connections that are open'
is "$(sort -u "$tmp/hosts")" there 'of those hosts'
stderr_has "$count fragments done, 0 left" 'what comes meanwhile is not left'
done_testing
