#!/usr/bin/env node
'use strict';

/*
 * Does a page play live video without a stall?
 *
 *   play.js [--screenshot FILE] [--size WxH] [--slack SECONDS]
 *       [--when FILE] [--then HEIGHT[,HEIGHT...]]... URL SECONDS HEIGHT[,HEIGHT...]
 *
 * Opens URL in Chromium, waits until its <video> plays, then watches it for
 * SECONDS: the time must advance as on a clock, within a twentieth and the
 * slack, if any is given; the picture must change and have one of the HEIGHTs,
 * the player must not report an error.  With --when it is watched from when FILE
 * is there: when others have started, too.  With --then it waits for pictures of
 * other heights, and watches them for a second, with the patience of a viewer.
 * TAP, with a summary in JSON as a comment; a page
 * that says why it plays nothing here is skipped.
 */

const fs = require('fs');
const { parseArgs } = require('util');
const { launch, sleep, Tap } = require('./browser.js');

const START_MS = 30000;
const THEN_MS = 90000;		/* others may be watched longer */
const SAMPLE_MS = 250;
const FRAMES_MS = 1000;		/* the picture has to change within it */

/*
 * Runs in the page, before its own scripts.  A stall is half a second without
 * progress, looked for every 50 ms; pages are not trusted with that.
 */
function watch() {
	const seen = { playing: 0, waiting: 0, seeks: 0, stalls: 0 };
	let time = 0, since = 0, stalled = false;

	window.playWatch = seen;
	document.addEventListener('playing', () => {
		seen.playing = seen.playing || performance.now();
	}, true);
	document.addEventListener('waiting', () => seen.waiting++, true);
	document.addEventListener('seeking', () => seen.seeks++, true);
	setInterval(() => {
		const video = document.querySelector('video');
		const now = performance.now();

		if (video === null || video.currentTime !== time) {
			time = video === null ? 0 : video.currentTime;
			since = now;
			stalled = false;
		} else if (time > 0 && !stalled && now - since > 500) {
			seen.stalls++;
			stalled = true;
		}
	}, 50);
}

/* Runs in the page. */
function sample() {
	const video = document.querySelector('video');
	const page = window.livespool === undefined ? {} :
	    window.livespool.stats();

	return {
		...window.playWatch,
		now: performance.now(),
		time: video.currentTime,
		height: video.videoHeight,
		frames: video.getVideoPlaybackQuality().totalVideoFrames,
		dropped: video.getVideoPlaybackQuality().droppedVideoFrames,
		engine: page.engine,
		rendition: page.rendition,
		latency: page.latency_ms,
		errors: page.errors,
	};
}

/* Playing, and half a second of it shown.  Runs in the page. */
function started() {
	const video = document.querySelector('video');

	if (window.livespool?.skip)
		throw new Error(window.livespool.skip);
	return video !== null && window.playWatch.playing > 0 &&
	    video.played.length > 0 &&
	    video.currentTime - video.played.start(0) > 0.5;
}

/* A second of pictures of one of HEIGHTS.  Runs in the page. */
function showed(heights) {
	const video = document.querySelector('video');
	const watch = window.playWatch;

	if (!heights.includes(video.videoHeight))
		watch.from = undefined;
	else if (watch.from === undefined)
		watch.from = video.currentTime;
	return watch.from !== undefined && video.currentTime - watch.from > 1;
}

async function collect(page, ms) {
	const samples = [await page.evaluate(sample)];
	const end = samples[0].now + ms;

	while (samples[samples.length - 1].now < end) {
		await sleep(SAMPLE_MS);
		samples.push(await page.evaluate(sample));
	}
	return samples;
}

/* The longest time between two samples that saw a new picture. */
function longestStill(samples) {
	let last = samples[0], longest = 0;

	for (const one of samples) {
		longest = Math.max(longest, one.now - last.now);
		if (one.frames > last.frames)
			last = one;
	}
	return Math.round(longest);
}

function summary(samples) {
	const first = samples[0], last = samples[samples.length - 1];
	const latencies = samples.map((one) => one.latency)
	    .filter((ms) => typeof ms === 'number').sort((a, b) => a - b);
	const grown = (key) => last[key] - first[key];

	return {
		engine: last.engine,
		renditions: [...new Set(samples.map((one) => one.rendition))],
		heights: [...new Set(samples.map((one) => one.height))],
		startup_ms: Math.round(first.playing),
		seconds: Number((grown('now') / 1000).toFixed(2)),
		rate: Number((1000 * grown('time') / grown('now')).toFixed(4)),
		stalls: grown('stalls'),
		waiting: grown('waiting'),
		seeks: grown('seeks'),
		frames: grown('frames'),
		dropped: grown('dropped'),
		longest_still_ms: longestStill(samples),
		latency_ms: latencies.length === 0 ? null : {
			median: latencies[latencies.length >> 1],
			max: latencies[latencies.length - 1],
		},
	};
}

function judge(tap, samples, { heights, slack }) {
	const sum = summary(samples);
	const backwards = samples.some((one, i) =>
	    i > 0 && one.time < samples[i - 1].time);

	tap.ok(Math.abs(sum.rate - 1) * sum.seconds <=
	    slack + sum.seconds / 20 && !backwards,
	    `the time advances as on a clock (rate ${sum.rate})`);
	tap.ok(sum.stalls === 0, `no stall (${sum.stalls})`);
	tap.ok(sum.seeks === 0, `no seek (${sum.seeks})`);
	tap.ok(sum.heights.every((height) => heights.includes(height)),
	    `heights of the ladder (${sum.heights.join(', ')})`);
	tap.ok(sum.frames > 0 && sum.longest_still_ms <= FRAMES_MS,
	    `the picture changes (${sum.frames} frames)`);
	const { errors } = samples[samples.length - 1];
	if (errors !== undefined)
		tap.ok(errors.length === 0, `no error (${errors.join('; ')})`);
	tap.note(JSON.stringify(sum));
}

async function judgeThen(tap, page, heights) {
	await page.evaluate(() => { window.playWatch.from = undefined; });
	const good = await page.waitForFunction(showed, heights,
	    { timeout: THEN_MS, polling: 50 }).then(() => true, () => false);
	const { errors } = await page.evaluate(sample);

	tap.ok(good, `then plays pictures of height ${heights.join(', ')}`);
	tap.ok(errors === undefined || errors.length === 0,
	    `still no error (${errors && errors.join('; ')})`);
}

async function present(file) {
	const end = Date.now() + THEN_MS;

	while (file !== undefined && !fs.existsSync(file) && Date.now() < end)
		await sleep(50);
}

async function play(tap, browser, options) {
	const page = await browser.newPage({ viewport: options.size });

	page.on('pageerror', (error) => tap.note(`page: ${error.message}`));
	await page.addInitScript(watch);
	await page.goto(options.url);
	const plays = await page.waitForFunction(started, null,
	    { timeout: START_MS, polling: 50 }).then(() => true, () => false);
	const skip = await page.evaluate(() => window.livespool?.skip);
	if (!plays && skip) {
		tap.skip(skip);
		return;
	}

	tap.ok(plays, 'playback starts');
	if (plays) {
		await present(options.when);
		judge(tap, await collect(page, options.ms), options);
	}
	for (const heights of plays ? options.then : [])
		await judgeThen(tap, page, heights);
	if (!plays)
		tap.note(await page.evaluate(() => window.livespool &&
		    JSON.stringify(window.livespool.stats())));
	if (options.screenshot !== undefined)
		await page.screenshot({ path: options.screenshot });
}

function usage() {
	console.error('usage: play.js [--screenshot FILE] [--size WxH] ' +
	    '[--slack SECONDS] [--when FILE] [--then HEIGHT[,HEIGHT...]]... URL SECONDS HEIGHT[,HEIGHT...]');
	process.exit(64);
}

function readOptions() {
	let args;

	try {
		args = parseArgs({ allowPositionals: true, options: {
			screenshot: { type: 'string' },
			size: { type: 'string', default: '1280x720' },
			slack: { type: 'string', default: '0' },
			then: { type: 'string', multiple: true, default: [] },
			when: { type: 'string' },
		} });
	} catch (error) {
		usage();
	}
	const [url, seconds, heights] = args.positionals;
	const size = /^(\d+)x(\d+)$/.exec(args.values.size);

	const slack = Number(args.values.slack);

	if (args.positionals.length !== 3 || !(seconds > 0) || size === null ||
	    !(slack >= 0))
		usage();
	return {
		url,
		ms: 1000 * seconds,
		heights: heights.split(',').map(Number),
		slack,
		size: { width: Number(size[1]), height: Number(size[2]) },
		then: args.values.then.map((one) => one.split(',').map(Number)),
		when: args.values.when,
		screenshot: args.values.screenshot,
	};
}

async function main() {
	const options = readOptions();
	const tap = new Tap();
	const browser = await launch();

	try {
		await play(tap, browser, options);
	} finally {
		await browser.close();
	}
	tap.done();
}

main().catch((error) => {
	console.log(`Bail out! ${error.message.split('\n')[0]}`);
	process.exitCode = 99;
});
