#!/usr/bin/env node
'use strict';

/*
 * Does Chromium take fragments as they are?
 *
 *   mse.js FILE@TYPE@SECONDS@FRAMES...
 *
 * Each FILE, fragments end to end, goes fragment after fragment into a source
 * buffer of TYPE and is played to its end.  It must last SECONDS, without a
 * hole, and FRAMES pictures must have been decoded (0: it is sound).  A TYPE
 * that this Chromium cannot play is skipped.  TAP.
 */

const fs = require('fs');
const path = require('path');
const { launch, Tap } = require('./browser.js');

const PLAY_MS = 30000;
const SLACK_S = 0.1;		/* encoders' delay, the last frame's length */

/* What is between one ftyp and the next, in base64. */
function fragments(file) {
	const bytes = fs.readFileSync(file);
	const all = [];
	let start = 0;

	for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
		const type = bytes.toString('latin1', at + 4, at + 8);

		if (type === 'ftyp' && at > 0) {
			all.push(bytes.subarray(start, at));
			start = at;
		}
	}
	all.push(bytes.subarray(start));
	return all.map((fragment) => fragment.toString('base64'));
}

/* Runs in the page: play ALL to the end; what was seen, or the error. */
async function play({ type, all, patience }) {
	const video = document.createElement('video');
	const source = new MediaSource();
	const event = (target, name) => new Promise((resolve, reject) => {
		target.addEventListener(name, resolve, { once: true });
		video.addEventListener('error', () => reject(new Error(
		    video.error.message)), { once: true });
		setTimeout(() => reject(new Error(`no ${name}`)), patience);
	});

	video.muted = true;
	document.body.append(video);
	video.src = URL.createObjectURL(source);
	await event(source, 'sourceopen');
	const buffer = source.addSourceBuffer(type);
	try {
		for (const fragment of all) {
			buffer.appendBuffer(Uint8Array.from(atob(fragment),
			    (c) => c.charCodeAt(0)));
			await event(buffer, 'updateend');
		}
		const { buffered } = buffer;
		const holes = buffered.length - 1;
		const seconds = holes < 0 ? 0 : buffered.end(holes) -
		    buffered.start(0);
		source.endOfStream();
		const ended = event(video, 'ended');
		await video.play();
		await ended;
		return { holes, seconds, frames:
		    video.getVideoPlaybackQuality().totalVideoFrames };
	} catch (error) {
		return { error: String(error) };
	} finally {
		video.remove();
	}
}

async function main() {
	const tap = new Tap();
	const browser = await launch();
	const page = await browser.newPage();

	for (const arg of process.argv.slice(2)) {
		const [file, type, seconds, frames] = arg.split('@');
		const name = path.basename(file, '.mp4');

		if (!await page.evaluate((t) =>
		    MediaSource.isTypeSupported(t), type)) {
			tap.ok(true, `${name} # SKIP no ${type} here`);
			continue;
		}
		const all = fragments(file);
		const seen = await page.evaluate(play,
		    { type, all, patience: PLAY_MS });
		tap.ok(all.length > 1 && seen.error === undefined &&
		    seen.holes === 0 && seen.frames === Number(frames) &&
		    Math.abs(seen.seconds - seconds) < SLACK_S,
		    `${name}: ${all.length} fragments`);
		tap.note(`${name}: ${JSON.stringify(seen)}`);
	}
	await browser.close();
	tap.done();
}

main().catch((error) => {
	console.log(`Bail out! ${error}`);
	process.exitCode = 1;
});
