#!/usr/bin/env node
'use strict';

/*
 * From the lens to the eye, as the picture itself says:
 *
 *   glass.js URL SECONDS [HEIGHT]
 *
 * Opens the player page at URL in Chromium and reads, four times a second, the
 * time that latency has drawn into each picture: 20 bits of a clock in
 * milliseconds, each a white field above a black one, or the other way round.
 * Prints one object of JSON.  HEIGHT chooses that quality of the menu.
 */

const path = require('path');
const { launch, sleep } = require(path.join(__dirname,
    '../browser/browser.js'));

const BITS = 20;
const CELL = 40;		/* pixels of a picture 1280 wide */
const START_MS = 60000;
const SETTLE_MS = 30000;	/* until playback has its distance */

/* Runs in the page: what is on the screen, and when it was drawn. */
function sampleFrames({ bits, cell }) {
	const { video } = window.livespool;
	const canvas = document.createElement('canvas');
	const context = canvas.getContext('2d', { willReadFrequently: true });
	const samples = [];
	let last = 0;

	canvas.width = bits;
	canvas.height = 2;
	context.imageSmoothingEnabled = false;
	/* The middle of each field, as one pixel. */
	const read = () => {
		const scale = video.videoWidth / 1280;
		let value = 0;

		context.drawImage(video, 0, 0, bits * cell * scale,
		    2 * cell * scale, 0, 0, bits, 2);
		const { data } = context.getImageData(0, 0, bits, 2);
		for (let i = 0; i < bits; i++) {
			const contrast = data[4 * i] - data[4 * (bits + i)];

			if (Math.abs(contrast) < 100)
				return null;
			value += contrast > 0 ? 2 ** i : 0;
		}
		return value;
	};
	const each = (now) => {
		if (now - last >= 250) {
			const wall = performance.timeOrigin + performance.now();
			const drawn = read();
			const seen = window.livespool.stats();
			const { hls } = window.livespool;

			last = now;
			samples.push({
				glass_ms: drawn === null ? null :
				    (wall - drawn) % 2 ** bits,
				date_ms: seen.latency_ms,
				edge_ms: hls === null ? null :
				    1000 * hls.latency,
				target_ms: hls === null ? null :
				    1000 * hls.targetLatency,
				rate: video.playbackRate,
				low: seen.low_latency,
				stalls: seen.stalls,
				height: video.videoHeight,
			});
		}
		video.requestVideoFrameCallback(each);
	};
	video.requestVideoFrameCallback(each);
	window.glassSamples = samples;
	performance.setResourceTimingBufferSize(10000);
	performance.clearResourceTimings();
}

/* Runs in the page: what segments took from their first byte to the last. */
function transfers() {
	return performance.getEntriesByType('resource')
	    .filter((one) => /\.(m4s|ts)$/.test(new URL(one.name).pathname))
	    .map((one) => one.responseEnd - one.responseStart);
}

function quantile(values, q) {
	const sorted = values.filter((v) => typeof v === 'number')
	    .sort((a, b) => a - b);

	return sorted.length === 0 ? null : Math.round(
	    sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]);
}

function summary(samples, serve, stalls, dropped) {
	const all = (key) => samples.map((one) => one[key]);
	const glass = all('glass_ms');
	/* What the date of a picture does not cover: before it arrived. */
	const before = samples.map((one) => one.glass_ms === null ||
	    one.date_ms === null ? null : one.glass_ms - one.date_ms);

	return {
		samples: samples.length,
		unread: glass.filter((one) => one === null).length,
		median_ms: quantile(glass, 0.5),
		p95_ms: quantile(glass, 0.95),
		max_ms: quantile(glass, 1),
		before_ms: quantile(before, 0.5),
		serve_ms: quantile(serve, 0.5),
		edge_ms: quantile(all('edge_ms'), 0.5),
		target_ms: quantile(all('target_ms'), 0.5),
		low_latency: samples.some((one) => one.low),
		hurried: samples.filter((one) => one.rate !== 1).length,
		heights: [...new Set(all('height'))],
		stalls,
		dropped,
	};
}

async function measure(page, url, seconds, height) {
	const state = () => page.evaluate(() => window.livespool.stats());

	await page.goto(url);
	await page.waitForFunction(() =>
	    window.livespool.stats().state === 'playing', null,
	    { timeout: START_MS });
	if (height !== undefined)
		await page.selectOption('#quality', { index: await page
		    .locator('#quality option').evaluateAll((all, wanted) =>
			all.findIndex((one) => one.text.startsWith(wanted)),
			`${height}p`) });
	await sleep(SETTLE_MS);
	const before = await state();
	await page.evaluate(sampleFrames, { bits: BITS, cell: CELL });
	await sleep(1000 * seconds);
	const after = await state();
	const samples = await page.evaluate(() => window.glassSamples);

	return summary(samples, await page.evaluate(transfers),
	    after.stalls - before.stalls, after.dropped - before.dropped);
}

async function main() {
	const [url, seconds, height] = process.argv.slice(2);
	const browser = await launch();

	try {
		const page = await browser.newPage({
			viewport: { width: 640, height: 900 },
		});
		console.log(JSON.stringify(
		    await measure(page, url, Number(seconds), height)));
	} finally {
		await browser.close();
	}
}

main().catch((error) => {
	console.error(`glass.js: error: ${error.message.split('\n')[0]}`);
	process.exitCode = 1;
});
