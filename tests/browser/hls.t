#!/bin/bash
# hls-parser, an independent reader, strict, over playlists of every kind: it
# takes them, and finds in them what is stored.
. "${0%/*}/../tap.sh"
here=$(cd "${0%/*}" && pwd)
. "$here/../playlists.sh"
modules=$here/../../build/npm/browser/node_modules
command -v node >/dev/null || {
	echo '1..0 # SKIP no node'
	exit 0
}
[ -e "$modules/hls-parser" ] || {
	echo 'Bail out! no hls-parser: run make browser'
	exit 1
}

# Prints, of a media playlist: what it says of itself, then a line a segment.
cat >"$tmp/read.js" <<'EOT'
const HLS = require(process.argv[2]);
const fs = require('fs');
// It wants parts in the last three segments only, however short they are, and
// not in all of the last three target durations.
const text = fs.readFileSync(process.argv[3], 'utf8');
HLS.setOptions({ strictMode: !text.includes('#EXT-X-PART:') });
const p = HLS.parse(text);
if (p.isMasterPlaylist) {
	for (const v of p.variants)
		console.log([v.uri, v.bandwidth > v.averageBandwidth,
		    v.codecs, `${v.resolution.width}x${v.resolution.height}`,
		    v.frameRate ?? '', v.isIFrameOnly,
		    v.audio.map(a => `${a.groupId}:${a.uri}`)].join(' '));
	process.exit();
}
const l = p.lowLatencyCompatibility;
console.log([p.version, p.targetDuration, p.mediaSequenceBase,
    p.discontinuitySequenceBase ?? 0, p.playlistType ?? 'LIVE', p.endlist,
    p.isIFrame ?? false, p.partTargetDuration ?? '', l?.canBlockReload ?? '',
    p.renditionReports.map(r => `${r.uri}@${r.lastMSN}`)].join(' '));
for (const s of p.segments)
	console.log([s.mediaSequenceNumber, s.discontinuitySequence,
	    s.duration.toFixed(3), s.uri, s.map?.uri,
	    s.programDateTime?.toISOString() ?? '', s.parts.length].join(' '));
EOT
takes() {		# takes FILE: $tmp/out
	run /dev/null node "$tmp/read.js" "$modules/hls-parser" "$1"
	status_is 0 "it takes ${1##*/cam/}"
}
rows() { sed 1d "$tmp/out"; }

make_store "$tmp/full"
cam=$full/www/cam
for kind in --live --event --vod --low-latency; do
	playlist-gen --spool "$full" $kind
	for f in "$cam"/*.m3u8 "$cam"/*/*.m3u8; do takes "$f"; done
	rm -f "$cam"/*.m3u8 "$cam"/*/*.m3u8
done

playlist-gen --spool "$full" --low-latency
takes "$cam/main.m3u8"
is "$(cut -d ' ' -f 1,2,4- "$tmp/out")" \
"h264-90p/live.m3u8 true 192x108 25 false aac:aac/live.m3u8
h264-180p/live.m3u8 true 320x180 25 false aac:aac/live.m3u8
h264-90p/live-iframes.m3u8 true 192x108  true 
h264-180p/live-iframes.m3u8 true 320x180  true " 'variants'
takes "$cam/h264-90p/live.m3u8"
is "$(head -n 1 "$tmp/out")" '9 1 1 0 LIVE false false 1.05 true ../aac/live.m3u8@20,../h264-180p/live.m3u8@20' 'a low-latency list'
is "$(rows | cut -d ' ' -f 1,2,3,4,5)" "$(for i in {1..20}; do
	printf '%d %d 1.000 %s init-%06d.mp4\n' "$i" $((i > 10)) "$(seg "$i")" \
	    $((1 + (i > 10)))
done)" 'its segments, breaks and init segments'
is "$(rows | cut -d ' ' -f 6 | sed -n '1p;10p;11p;20p' | xargs)" \
    "2023-11-14T22:13:20.123Z 2023-11-14T22:13:29.123Z $(:
    )2023-11-14T22:15:20.456Z 2023-11-14T22:15:29.456Z" 'their dates'
is "$(rows | awk '{ n += $7 } END { print n }')" 4 'the parts'
playlist-gen --spool "$full" --vod --segment 3s
takes "$cam/aac/vod.m3u8"
is "$(head -n 1 "$tmp/out" | cut -d ' ' -f 2,5,6)" '3 VOD true' 'a VOD list'
done_testing
