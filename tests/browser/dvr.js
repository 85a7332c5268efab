#!/usr/bin/env node
'use strict';

/*
 * Going back in a live stream, and its recording, with thumbnails:
 *
 *   dvr.js PAGE STREAM
 *
 * STREAM is live at the page's URL, has thumbnails and a recording.  TAP.
 */

const { launch, Tap } = require('./browser.js');

const WAIT_MS = 30000;

async function until(tap, page, what, check, arg) {
	const good = await page.waitForFunction(check, arg,
	    { timeout: WAIT_MS, polling: 100 }).then(() => true, () => false);

	tap.ok(good, what);
	if (!good)
		tap.note(await page.evaluate(() =>
		    JSON.stringify(window.livespool.stats())));
}

/* Runs in the page: the preview has a picture, from where PATTERN says. */
async function hasPicture(pattern) {
	const style = getComputedStyle(document.getElementById('thumbnail'));
	const url = /url\("(.*)"\)/.exec(style.backgroundImage)?.[1];
	const picture = new Image();

	if (url === undefined || !new RegExp(pattern).test(url) ||
	    style.display === 'none')
		return false;
	picture.src = url;
	await picture.decode();
	return picture.naturalHeight > 16;
}

async function preview(tap, page, what, pattern) {
	const box = await page.locator('#seek').boundingBox();

	await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
	await until(tap, page, what, hasPicture, pattern);
}

/* Runs in the page: nearly to the start, and the link to that at once. */
function backAndShare() {
	const { video } = window.livespool;

	return new Promise((resolve) => {
		navigator.share = ({ url }) => Promise.resolve(resolve(url));
		video.currentTime = video.seekable.start(0) + 4;
		document.getElementById('share').click();
	});
}

/* Who goes back while nothing comes is not thrown to the live edge. */
async function backInAStall(tap, page) {
	const held = [];

	await page.evaluate(() => document.getElementById('golive').click());
	await until(tap, page, 'live again', () =>
	    window.livespool.stats().state === 'playing' &&
	    document.getElementById('golive').hidden);
	await page.route('**/*.m4s', (route) => held.push(route));
	await until(tap, page, 'nothing comes: a stall', () =>
	    window.livespool.stats().state === 'stalled');
	const link = await page.evaluate(backAndShare);
	tap.ok(/\?at=20\d\d-/.test(link), `a link has the moment (${link})`);
	await page.unroute('**/*.m4s');
	for (const route of held)
		await route.continue().catch(() => {});
	await page.evaluate(() => {
		window.testFrom = window.livespool.video.currentTime;
	});
	await until(tap, page, 'who went back stays there', () => {
		const on = window.livespool.video.currentTime - window.testFrom;
		return on > 2 && on < 10;
	});
	return link;
}

async function live(tap, page) {
	await until(tap, page, 'the list has a picture of the stream', () => {
		const poster = document.querySelector('#streams img');
		return poster !== null && !poster.hidden &&
		    poster.naturalHeight > 16;
	});
	await until(tap, page, 'half a minute can be seen', () => {
		const { seekable } = window.livespool.video;
		return window.livespool.stats().state === 'playing' &&
		    seekable.length > 0 && seekable.end(0) - seekable.start(0) > 30;
	});
	await preview(tap, page, 'the seek bar shows what was', '^blob:');
	await page.mouse.down();
	await page.mouse.up();
	await until(tap, page, 'a click plays it', () =>
	    window.livespool.stats().state === 'playing' &&
	    !document.getElementById('golive').hidden);
	return backInAStall(tap, page);
}

async function recording(tap, page, link) {
	await page.getByRole('link', { name: 'Recording' }).click();
	await until(tap, page, 'the recording plays', () =>
	    window.livespool.stats().state === 'playing' &&
	    window.livespool.video.duration < Infinity);
	tap.ok(/\d:\d\d \/ \d+:\d\d/.test(
	    await page.locator('#clock').textContent()), 'and has a length');
	await preview(tap, page, 'the seek bar shows the sheets', '\\d{9}\\.jpg$');

	const at = link.replace('?at=', '/vod?at=');
	const wanted = Date.parse(at.split('?at=')[1]);
	await page.goto('about:blank');
	await page.goto(at);
	await until(tap, page, 'the link leads into the recording, too',
	    (when) => {
		const { video, hls } = window.livespool;
		const date = hls?.playingDate?.getTime();
		return window.livespool.stats().state === 'playing' &&
		    date >= when - 500 && date < when + 30000 &&
		    video.duration < Infinity;
	    }, wanted);
}

async function main() {
	const [url, stream] = process.argv.slice(2);
	const tap = new Tap();
	const browser = await launch();

	try {
		const page = await browser.newPage({
			viewport: { width: 800, height: 900 },
		});
		page.on('pageerror', (error) =>
		    tap.ok(false, `no error in the page: ${error.message}`));
		await page.goto(`${url}#${stream}`);
		await recording(tap, page, await live(tap, page));
	} finally {
		await browser.close();
	}
	tap.done();
}

main().catch((error) => {
	console.log(`Bail out! ${error.message.split('\n')[0]}`);
	process.exitCode = 99;
});
