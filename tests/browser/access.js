'use strict';

/* The page without a mouse, for who does not see it, and on a phone. */

const fs = require('fs');
const path = require('path');

const AXE = path.join(__dirname,
    '../../build/npm/browser/node_modules/axe-core/axe.min.js');

const video = (page, read) => page.evaluate(
    `(${read})(window.livespool.video)`);

/* What Tab reaches, by id, once around the page. */
async function tabStops(page) {
	const stops = [];

	await page.evaluate(() => document.activeElement?.blur());
	for (let i = 0; i < 40; i++) {
		await page.keyboard.press('Tab');
		const stop = await page.evaluate(() => {
			const at = document.activeElement;
			const style = getComputedStyle(at);

			return at === document.body ? null : {
				id: at.id || at.getAttribute('href'),
				outline: style.outlineStyle !== 'none' &&
				    parseFloat(style.outlineWidth) >= 2,
			};
		});
		if (stop !== null && stops.some(({ id }) => id === stop.id))
			break;
		if (stop !== null)
			stops.push(stop);
	}
	return stops;
}

async function reach(test) {
	const { page, tap } = test;
	const stops = await tabStops(page);
	const ids = stops.map(({ id }) => id);
	const missing = ['seek', 'play', 'mute', 'volume', 'quality', 'full',
	    'share', 'keys', '#cam1'].filter((id) => !ids.includes(id));

	tap.ok(missing.length === 0,
	    `Tab reaches every control (not: ${missing.join(', ')})`);
	tap.ok(stops.every((stop) => stop.outline),
	    `each shows that it has the focus (not: ${stops
		.filter((stop) => !stop.outline).map(({ id }) => id).join(', ')})`);
}

async function keyboard(test) {
	const { page, tap } = test;
	const press = (key) => page.keyboard.press(key);

	await reach(test);
	await page.evaluate(() => document.activeElement?.blur());
	await press('k');
	await test.state('K pauses', 'paused');
	await page.focus('#play');
	await press('Space');
	await test.state('Space on the button plays', 'playing');
	await page.evaluate(() => document.activeElement?.blur());
	await press('m');
	tap.ok(await video(page, (v) => v.muted), 'M mutes');
	await press('m');
	await press('ArrowDown');
	tap.ok(await video(page, (v) => !v.muted && v.volume < 1),
	    'M and the down arrow: sound, quieter');
	await test.until('six seconds can be seen', () => {
		const { seekable, currentTime } = window.livespool.video;
		return seekable.length > 0 && currentTime - seekable.start(0) > 6;
	});
	const before = await video(page, (v) => v.currentTime);
	await press('ArrowLeft');
	await test.until('the left arrow goes five seconds back', (time) =>
	    window.livespool.video.currentTime < time - 3.5, before);
	await page.focus('#seek');
	await press('ArrowLeft');
	tap.ok(/\d/.test(await page.getAttribute('#seek', 'aria-valuetext')),
	    'the slider tells its place');
	tap.ok(await page.locator('#preview').isVisible(),
	    'and shows what is there');
	await press('End');
	await test.until('End on the slider goes live', () =>
	    document.getElementById('golive').hidden);
	await page.evaluate(() => document.activeElement?.blur());
	await press('?');
	tap.ok(await page.locator('#help').isVisible(), '? lists the keys');
	await press('Escape');
	tap.ok(!await page.locator('#help').isVisible(), 'Escape closes it');
	await press('f');
	await test.until('F fills the screen', () =>
	    document.fullscreenElement !== null);
	await press('f');
	await test.until('and leaves it', () =>
	    document.fullscreenElement === null);
}

/* What axe finds wrong, but for what only a real screen can tell. */
async function complaints(page) {
	await page.evaluate(fs.readFileSync(AXE, 'utf8'));
	return page.evaluate(async () => {
		const { violations } = await window.axe.run(document, {
			rules: { 'video-caption': { enabled: false } },
		});
		return violations.map(({ id, nodes }) =>
		    `${id}: ${nodes.map(({ target }) => target).join(' ')}`);
	});
}

async function accessible(test) {
	const { page, tap } = test;

	await test.state('it plays while axe looks at it', 'playing');
	const found = await complaints(page);

	tap.ok(found.length === 0, `axe has no complaint (${found.join('; ')})`);
	await page.keyboard.press('?');
	const inHelp = await complaints(page);
	tap.ok(inHelp.length === 0,
	    `nor about the keys (${inHelp.join('; ')})`);
	await page.keyboard.press('Escape');
	await page.emulateMedia({ colorScheme: 'dark' });
	const dark = await complaints(page);
	tap.ok(dark.length === 0, `nor in the dark (${dark.join('; ')})`);
	await page.emulateMedia({ colorScheme: 'light' });
}

/* As wide as a small phone: nothing to scroll to, nothing too small to hit. */
async function phone(test) {
	const { page, tap } = test;
	const size = page.viewportSize();

	await page.setViewportSize({ width: 360, height: 740 });
	const wide = await page.evaluate(() => ({
		page: document.documentElement.scrollWidth,
		small: [...document.querySelectorAll(
		    'button, select, input, nav a')].filter((one) =>
		    one.offsetParent !== null && one.closest('dialog') === null)
		    .filter((one) => one.getBoundingClientRect().height < 28 ||
			one.getBoundingClientRect().right > innerWidth)
		    .map((one) => one.id),
	}));
	tap.ok(wide.page <= 360, `fits 360 pixels (${wide.page})`);
	tap.ok(wide.small.length === 0,
	    `fingers hit every control (not: ${wide.small.join(', ')})`);
	await page.setViewportSize(size);
}

module.exports = { accessible, keyboard, phone };
