#!/bin/bash
# The page plays an encrypted recording, from an origin that keeps the rest
# back; keys change in the middle of it.
. "${0%/*}/../tap.sh"
here=$(cd "${0%/*}" && pwd)
. "$here/relay.sh"
need_browser ffmpeg
need_page

. "$here/../playlists.sh"
. "$here/../serve.sh"
make_store "$tmp/full"
mkdir -p "$tmp/keys/cam"
(umask 077
printf 0123456789abcdef >"$tmp/keys/cam/20231114T221320Z.key"
printf fedcba9876543210 >"$tmp/keys/cam/20231114T221323Z.key")
for kind in --live --vod; do
	playlist-gen --spool "$tmp/full" --encrypt "$tmp/keys" $kind \
	    --key-uri '/keys/{stream}/{key}.key'
	ok $? "encrypted playlists: $kind"
done
mkdir "$tmp/full/www/keys"
cp -R "$tmp/keys/cam" "$tmp/full/www/keys"
serve "$tmp/full" --page "$page" --encrypted cam --log >"$tmp/log"
run /dev/null node "$here/play.js" "$url/#cam/vod" 4 90,180
relay 'hls.js'
asked() { cut -f 4,5 "$tmp/log" | grep "$1"; }
wait_for 10 asked '\.key'
is "$(asked '\.key' | cut -f 1 | sort -u | wc -l)" 2 'it asked for both keys'
is "$(asked '\.m4s' | grep -v /aes/)" '' 'and for nothing in the clear'
done_testing
