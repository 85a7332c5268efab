'use strict';

/* Debian's Chromium, and TAP, for the tests of this directory. */

const path = require('path');
const { createRequire } = require('module');

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const OPTIONS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--autoplay-policy=no-user-gesture-required',
];

/* make browser puts the driver there. */
const driver = path.join(__dirname, '../../build/npm/browser/package.json');

/* A browser with a new profile of its own, without sound. */
function launch() {
	const { chromium } = createRequire(driver)('playwright-core');

	return chromium.launch({ executablePath: CHROMIUM, args: OPTIONS });
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Tap {
	constructor() {
		this.count = 0;
		this.failed = 0;
	}

	ok(good, what) {
		this.count++;
		if (!good)
			this.failed++;
		console.log(`${good ? 'ok' : 'not ok'} ${this.count} - ${what}`);
	}

	note(text) {
		console.log(`# ${text}`);
	}

	skip(why) {
		this.count++;
		console.log(`ok ${this.count} - # SKIP ${why}`);
	}

	/* Prints the plan and sets the exit status. */
	done() {
		console.log(`1..${this.count}`);
		process.exitCode = this.failed === 0 ? 0 : 1;
	}
}

module.exports = { launch, sleep, Tap };
