'use strict';

/*
 * A live stream in HLS from ffmpeg alone: pictures of LADDER, and sound.
 * node publish.js DIR publishes until SIGTERM, with which the stream ends.
 */

const fs = require('fs');
const path = require('path');
const { spawn } = require('child_process');

/* Small: a test machine decodes it in software while it encodes it. */
const LADDER = [
	{ name: 'h264-240p', size: '426x240', rate: '600k' },
	{ name: 'h264-144p', size: '256x144', rate: '200k' },
];

/* A child that makes DIR a live stream of one-second segments. */
function publish(dir) {
	const each = (make) => LADDER.map(make);

	fs.rmSync(dir, { recursive: true, force: true });
	fs.mkdirSync(dir, { recursive: true });
	return spawn('ffmpeg', [
		'-nostdin', '-v', 'error',
		'-re', '-f', 'lavfi', '-i', 'testsrc2=s=426x240:r=30',
		'-re', '-f', 'lavfi', '-i', 'sine=f=440:r=48000',
		'-filter_complex',
		`split=${LADDER.length}${each((v, i) => `[s${i}]`).join('')};` +
		each((v, i) => `[s${i}]scale=${v.size}[v${i}]`).join(';'),
		...each((v, i) => ['-map', `[v${i}]`, `-b:v:${i}`, v.rate]).flat(),
		'-map', '1:a', '-c:a', 'aac', '-b:a', '64k',
		'-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency',
		'-pix_fmt', 'yuv420p', '-g', '30', '-sc_threshold', '0',
		'-f', 'hls', '-hls_time', '1', '-hls_list_size', '8',
		'-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init.mp4',
		'-hls_flags', 'program_date_time+independent_segments+temp_file',
		'-master_pl_name', 'main.m3u8', '-var_stream_map',
		each((v, i) => `v:${i},agroup:sound,name:${v.name}`).join(' ') +
		' a:0,agroup:sound,name:aac',
		'-hls_segment_filename', path.join(dir, '%v/%05d.m4s'),
		path.join(dir, '%v/live.m3u8'),
	], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function stop(child, signal) {
	return new Promise((resolve) => {
		if (child.exitCode !== null || child.signalCode !== null)
			return resolve();
		child.on('exit', resolve);
		child.kill(signal);
	});
}

module.exports = { LADDER, publish, stop };

if (require.main === module) {
	const child = publish(process.argv[2]);

	process.on('SIGTERM', () => stop(child, 'SIGTERM'));
}
