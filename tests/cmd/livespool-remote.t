#!/bin/sh
# livespool-remote with a shell in the place of a host.
. "${0%/*}/../tap.sh"
spool=$tmp/spool
export LIVESPOOL_SPOOL="$spool"
cat >"$tmp/ladder.yaml" <<'EOT'
video:
  small: {codec: h264, height: 90, quality: 28, cap: 300k, preset: ultrafast}
audio:
  sound: {codec: copy}
EOT
cat >"$tmp/ssh" <<EOT
#!/bin/sh
[ "\$1" = there ] || exit 255
shift
unset LIVESPOOL_SPOOL
TMPDIR=$tmp/there exec sh -c "\$*"
EOT
chmod +x "$tmp/ssh"
mkdir "$tmp/there"
remote() {
	run /dev/null livespool-remote --ladder "$tmp/ladder.yaml" \
	    --ssh "$tmp/ssh" "$@"
}

# The second fragment does not begin with a keyframe; there is no sound.
ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=160x90:rate=10 -t 2 \
    -c:v libx264 -preset ultrafast -g 20 -f flv "$tmp/clip.flv"
fragment-split <"$tmp/clip.flv" | segment-store put cam >"$tmp/lines"
second=$(sed -n 2p "$tmp/lines" | cut -f1)

remote there
status_is 64 'two operands are wanted'
remote there "$spool/www/cam/small/000001/000000/000000002.m4s"
status_is 65 'a rendition is no original'
remote nowhere "$second"
status_is 255 'a host that does not answer'
[ ! -e "$spool/www/cam" ]; ok $? 'nothing is published'
remote --threads 2 there "$second"
status_is 0 'a fragment that depends on the one before'
is "$(cut -f4,5 "$tmp/out" | tr '\t' ' ')" '000000002 small' 'its line is printed'
is "$(ls "$spool/queue")" 'cam+000001+000000001' 'its ticket is dropped'
is "$(ls -A "$tmp/there")" '' 'nothing is left there'
cp -r "$spool" "$tmp/same"
rm -r "$tmp/same/www"
transcode-job --spool "$tmp/same" --ladder "$tmp/ladder.yaml" \
    "$tmp/same/${second#"$spool"/}" >"$tmp/out" 2>"$tmp/err"
diff -r "$spool/www" "$tmp/same/www" >"$tmp/err"
ok $? 'the same as made here, also that there is no sound'
remote there "$second"
is "$st $(cat "$tmp/out")" '0 ' 'done again, nothing is published'

# --- one that no decoder can read is parked at the third try
bad=$spool/src/cam/000001/000000/000000001.mp4
perl -I"${0%/*}/.." -MFragment=seal -0777 -ne \
    '$at = index $_, "mdat"; substr($_, $at + 4) =~ s/./\xa5/gs;
    print seal($_)' "$bad" >"$tmp/bad.mp4"
mv -f "$tmp/bad.mp4" "$bad"
parked() { segment-store ls --failed cam | cut -f10; }
remote there "$bad"
status_is 65 'a fragment that cannot be transcoded'
stderr_has 'no picture could be decoded' 'is told why'
remote nowhere "$bad"
remote there "$bad"
is "$(parked)" '' 'two tries, and a host that does not answer'
remote there "$bad"
stderr_has "stream 'cam', fragment 1: given up after 3 tries" 'the third is the last'
is "$(parked)" 'no picture could be decoded' 'it is parked'
is "$(ls "$spool/queue")" '' 'and its ticket dropped'
is "$(ls -A "$tmp/there")" '' 'nothing is left there'
done_testing
