#!/bin/sh
# A recording moves to a real S3 store, Ceph's, is brought back, gets one more
# rendition, and moves again.
# shellcheck disable=SC2154 # tmp and st are tap.sh's
here=$(cd "${0%/*}" && pwd)
. "$here/../hosts.sh"
in_namespaces "$0" "$@"
. "$here/../tap.sh"
. "$here/../radosgw.sh"
missing=$(radosgw_missing)
[ -z "$missing" ] || { echo "1..0 # SKIP $missing"; exit 0; }
LIVESPOOL_SPOOL="$tmp/a spool"
export LIVESPOOL_SPOOL

radosgw >"$tmp/up" 2>&1 & up=$!
cat >"$tmp/low.yaml" <<'EOT'
video:
  low: {codec: h264, height: 90, bitrate: 200k, preset: ultrafast}
EOT
sed 's/low:/again:/; s/live/batch/' "$tmp/low.yaml" >"$tmp/again.yaml"
# 4 Mbit/s, so that some objects come in parts.
ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=640x360:r=25 -t 24 \
    -c:v libx264 -preset ultrafast -g 50 -b:v 8M -minrate 8M -maxrate 8M \
    -bufsize 4M -nal-hrd cbr -pix_fmt yuv420p -f flv "$tmp/clip.flv"
fragment-split <"$tmp/clip.flv" | segment-store put rec >/dev/null
segment-store pending --ladder "$tmp/low.yaml" |
    transcode-job --ladder "$tmp/low.yaml" >/dev/null 2>"$tmp/err"
playlist-gen --vod rec
cp -a "$LIVESPOOL_SPOOL" "$tmp/all"
wait "$up"
ok $? 'radosgw answers'
[ -e "$tmp/s3cfg" ] || sed 's/^/# /' "$tmp/up"
s3cmd -c "$tmp/s3cfg" mb s3://live >"$tmp/out" 2>"$tmp/err"
ok $? 'a bucket'

archive() {
	run /dev/null livespool-archive --store s3://live/tv --age 1s \
	    --config "$tmp/s3cfg" --ladder "$tmp/low.yaml" "$@"
}
restore() {
	run /dev/null livespool-restore --store s3://live/tv \
	    --config "$tmp/s3cfg" "$@"
}
files() { find "$LIVESPOOL_SPOOL" -name '0*.m[p4][4s]' | wc -l; }
all=$(files)

# Killed in the middle of the first object, which has two parts.
setsid livespool-archive --store s3://live/tv --age 1s --config "$tmp/s3cfg" \
    --ladder "$tmp/low.yaml" rec >"$tmp/killed" 2>&1 & job=$!
wait_for 60 grep -q 'POST .*uploads' "$tmp/ceph/client.rgw.log"
ok $? 'an upload in parts has begun'
kill -KILL "-$job"
wait "$job" 2>/dev/null || :
is "$(files)" "$all" 'killed then: all is here'
archive rec
status_is 0 'livespool-archive'
is "$(s3cmd -c "$tmp/s3cfg" ls --recursive s3://live/tv/ | wc -l)" 2 \
	'two objects are in the store'
[ "$(files)" -le 6 ]; ok $? "what is due is gone here ($(files) files left)"
is "$(grep -c EXTINF "$LIVESPOOL_SPOOL/www/rec/low/vod.m3u8")" \
	"$(find "$LIVESPOOL_SPOOL/www" -name '*.m4s' | wc -l)" \
	'the VOD playlist has what is left'
for secret_in in "$tmp/out" "$tmp/err" "$tmp/killed"; do
	! grep -qF "$secret" "$secret_in"; ok $? 'no secret is printed'
done

radosgw_stop
restore rec
status_is 69 'restore: a store that is down'
radosgw_start
ok $? 'which comes back'
restore rec
status_is 0 'livespool-restore'
diff -r "$tmp/all/src" "$LIVESPOOL_SPOOL/src" >"$tmp/err" &&
    diff -r -x '*.m3u8' -x '*.mpd' "$tmp/all/www" "$LIVESPOOL_SPOOL/www" \
	>>"$tmp/err"
ok $? 'the same bytes'
run /dev/null segment-store pending --ladder "$tmp/low.yaml"
is "$(cat "$tmp/out")" '' 'is no work for live workers'

livespool-reprocess --ladder "$tmp/again.yaml" rec >"$tmp/out" 2>"$tmp/err"
ok $? 'one more rendition'
archive rec
is "$st $(sed 's:.*/\([a-z]*\)/[^/]*:\1:' "$tmp/out")" '0 again' \
	'only that one is sent'
[ "$(files)" -le 9 ]; ok $? "all of it is gone here again ($(files) left)"
done_testing
