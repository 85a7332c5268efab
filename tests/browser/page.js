#!/usr/bin/env node
'use strict';

/*
 * What the player page says and does while streams come and go:
 *
 *   page.js PAGE DIR
 *
 * PAGE is the directory of the page; DIR, a scratch directory, gets streams
 * from ffmpeg.  Prints TAP.
 */

const path = require('path');
const { launch, Tap } = require('./browser.js');
const { accessible, keyboard, phone } = require('./access.js');
const { LADDER, publish, stop } = require('./publish.js');
const { serve } = require('./server.js');

const WAIT_MS = 30000;

class Test {
	constructor(tap, page) {
		this.tap = tap;
		this.page = page;
	}

	stats() {
		return this.page.evaluate(() => window.livespool.stats());
	}

	/* The page comes to satisfy CHECK, a function that runs in it. */
	async until(what, check, arg) {
		const options = { timeout: WAIT_MS, polling: 50 };
		const good = await this.page.waitForFunction(check, arg, options)
		    .then(() => true, () => false);

		this.tap.ok(good, what);
		if (!good)
			this.tap.note(JSON.stringify(await this.stats()));
	}

	state(what, state) {
		return this.until(what,
		    (wanted) => window.livespool.stats().state === wanted, state);
	}

	says(what, text) {
		return this.until(what, (wanted) => document
		    .getElementById('message').textContent.startsWith(wanted), text);
	}

	/* Playing, and a picture a second later too. */
	async shows(what) {
		await this.until(what, () => {
			const seen = window.livespool.stats();

			if (seen.state !== 'playing')
				window.testFrames = undefined;
			else if (window.testFrames === undefined)
				window.testFrames = seen.frames;
			return seen.frames >= window.testFrames + 30;
		});
	}
}

/* From nothing to a stream that plays: the facts, the menu. */
async function begins(test, dir, children) {
	const { tap, page } = test;

	await test.says('says that nothing is live', 'Nothing is live');
	children.push(publish(path.join(dir, 'cam1')));
	await test.state('plays the first stream to start', 'playing');
	await test.until('says nothing over the picture', () =>
	    document.getElementById('message').textContent === '');
	await test.until('tells the latency', () =>
	    /^\d+\.\d s$/.test(document.getElementById('latency').textContent));

	const { latency_ms: latency, rendition, height } = await test.stats();
	tap.ok(latency > 500 && latency < 15000,
	    `the latency is believable (${latency} ms)`);
	tap.ok(`h264-${height}p` === rendition,
	    `the rendition is named after its playlist (${rendition})`);
	tap.ok(await page.locator('#streams a[aria-current]').textContent() ===
	    'cam1', 'the list marks the stream');
}

async function quality(test) {
	const { tap, page } = test;
	const words = await page.locator('#quality option').allTextContents();

	tap.ok(words.length === 3 && words[0] === 'Auto' &&
	    words[1].startsWith('240p') && words[2].startsWith('144p'),
	    `a quality menu, best first (${words.join(', ')})`);
	for (const { name } of LADDER.slice().reverse()) {
		const word = words.find((one) =>
		    one.startsWith(name.replace('h264-', '')));

		await page.selectOption('#quality', { label: word });
		await test.until(`the menu chooses ${name}`, (wanted) => {
			const seen = window.livespool.stats();
			return seen.rendition === wanted &&
			    wanted === `h264-${seen.height}p`;
		}, name);
	}
	await page.selectOption('#quality', { label: 'Auto' });
}

async function buttons(test) {
	const { page, tap } = test;

	await page.locator('#unmute').click({ timeout: WAIT_MS });
	tap.ok(await page.evaluate(() => !window.livespool.video.muted),
	    'a button turns the sound on');
	await test.until('goes back nine seconds', () => {
		const { video } = window.livespool;
		const range = video.buffered;

		if (range.length !== 1 || video.currentTime - range.start(0) < 10)
			return false;
		video.currentTime -= 9;
		return true;
	});
	await page.locator('#golive').click({ timeout: WAIT_MS });
	await test.until('a button goes back to the live edge', () =>
	    document.getElementById('golive').hidden);
	await page.evaluate(() => {
		window.livespool.video.currentTime -= 3;
	});
	await test.until('plays faster while it is late', () =>
	    window.livespool.video.playbackRate > 1);
}

/* What the viewer chose is there after a reload. */
async function remembers(test) {
	const { page, tap } = test;

	await page.selectOption('#quality', { index: 2 });
	await page.evaluate(() => {
		document.getElementById('volume').value = 0.4;
		document.getElementById('volume').dispatchEvent(
		    new Event('input'));
	});
	await page.reload();
	await test.shows('plays after a reload');
	tap.ok(await page.evaluate(() => window.livespool.video.volume) === 0.4,
	    'remembers the volume');
	await test.until('remembers the quality', () =>
	    window.livespool.stats().rendition === 'h264-144p' &&
	    document.getElementById('quality').selectedIndex === 2);
	await page.selectOption('#quality', { label: 'Auto' });
}

/* Ended by its publisher, cut off, gone with its server: it comes back. */
async function comesAndGoes(test, dir, children, server) {
	const cam1 = path.join(dir, 'cam1');

	await stop(children.pop(), 'SIGTERM');
	await test.says('says that the stream has ended', 'cam1 has ended');
	children.push(publish(cam1));
	await test.shows('plays it again when it comes back');

	const { stalls } = await test.stats();
	await stop(children.pop(), 'SIGKILL');
	await test.says('says that a stream is cut off', 'cam1 is off the air');
	test.tap.ok((await test.stats()).stalls > stalls, 'counts a stall');
	children.push(publish(cam1));
	await test.shows('plays it again after the cut');

	const { port } = new URL(server.url);
	server.close();
	await test.says('says that the server is gone', 'No connection');
	Object.assign(server, await serve(dir, server.page, port));
	await test.shows('plays again when the server is back');
}

/* Another stream, by the list and by the address. */
async function others(test, dir, children) {
	const { page, tap } = test;

	children.push(publish(path.join(dir, 'cam2')));
	await page.locator('#streams a', { hasText: 'cam2' })
	    .click({ timeout: WAIT_MS });
	await test.until('a click plays another stream', () => {
		const seen = window.livespool.stats();
		return seen.stream === 'cam2' && seen.state === 'playing';
	});
	tap.ok(new URL(page.url()).hash === '#cam2', 'the address names it');
	await page.goto(page.url().replace('#cam2', '#cam3'));
	await test.says('a stream that is not there is awaited', 'cam3 is off');
}

/* Runs in the page: a native player that claims everything and can nothing. */
function breakNative() {
	const proto = HTMLMediaElement.prototype;
	const src = Object.getOwnPropertyDescriptor(proto, 'src');

	proto.canPlayType = () => 'probably';
	proto.getStartDate = () => new Date(NaN);
	Object.defineProperty(proto, 'src', {
		...src,
		set(url) {
			src.set.call(this, url.startsWith('blob:') ? url :
			    'data:video/mp4,');
		},
	});
}

/* The browser's own player, if it has one, and the way out if it fails. */
async function native(test, browser, server) {
	const page = await browser.newPage();
	const own = new Test(test.tap, page);
	const has = await page.evaluate(() => document.createElement('video')
	    .canPlayType('application/vnd.apple.mpegurl') !== '');

	if (has) {
		await page.goto(`${server.url}?engine=native#cam2`);
		await own.shows('plays natively where the browser can');
		await own.until('finds the rendition by its height', () => {
			const seen = window.livespool.stats();
			return seen.engine === 'native' &&
			    seen.rendition === `h264-${seen.height}p`;
		});
	} else {
		test.tap.note('this browser has no player of HLS');
	}
	await page.addInitScript(breakNative);
	await page.goto('about:blank');
	await page.goto(`${server.url}#cam2`);
	await own.shows('falls back on hls.js');
	test.tap.ok((await own.stats()).engine === 'hls', 'it is hls.js');
	await page.close();
}

async function scenario(tap, browser, server, dir, children) {
	const page = await browser.newPage({
		viewport: { width: 1280, height: 720 },
	});
	const test = new Test(tap, page);

	page.on('pageerror', (error) =>
	    tap.ok(false, `no error in the page: ${error.message}`));
	await page.goto(server.url);
	await begins(test, dir, children);
	await quality(test);
	await buttons(test);
	await keyboard(test);
	await accessible(test);
	await phone(test);
	await remembers(test);
	await comesAndGoes(test, dir, children, server);
	await others(test, dir, children);
	await native(test, browser, server);
}

async function main() {
	const [pageDir, dir] = process.argv.slice(2);
	const tap = new Tap();
	const children = [];
	const server = Object.assign(await serve(dir, pageDir),
	    { page: pageDir });
	const browser = await launch();

	try {
		await scenario(tap, browser, server, dir, children);
	} finally {
		await browser.close();
		await Promise.all(children.map((child) => stop(child, 'SIGKILL')));
		server.close();
	}
	tap.done();
}

main().catch((error) => {
	console.log(error.message.replace(/^/gm, '# '));
	console.log(`Bail out! ${error.message.split('\n')[0]}`);
	process.exitCode = 99;
});
