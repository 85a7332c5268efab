#!/usr/bin/env node
'use strict';

/* The parts of the page that need no browser: modules.js PAGE.  TAP. */

const fs = require('fs');
const path = require('path');
const { Tap } = require('./browser.js');

/* Parts of 1 s at most come every second, the Nth LATE(N) seconds late. */
function watched(Edge, late) {
	const edge = new Edge();

	for (let n = 1; n <= 20; n++)
		edge.update({ partList: [{}], partHoldBack: 3.15,
		    partTarget: 1.05, edge: n }, 1000 * (n + late(n)));
	return edge;
}

function testEdge(tap, { Edge }) {
	const near = (a, b) => Math.abs(a - b) < 1e-6;
	const steady = watched(Edge, () => 0.5);
	const uneven = watched(Edge, (n) => n % 5 === 0 ? 0.9 : 0);

	tap.ok(near(steady.distance(20000), 2.1),
	    'steady parts: two of them behind the edge');
	tap.ok(near(uneven.distance(20000), 1.05 + 0.9 + 0.4),
	    'uneven ones: as much further');
	tap.ok(near(watched(Edge, (n) => n % 5).distance(24000), 3.15),
	    'never further than the playlist asks for');
	steady.stalled(20000);
	tap.ok(near(steady.distance(79000), 3.15),
	    'after a stall as far as it asks for');
	tap.ok(near(steady.distance(81000), 2.1), 'for a minute');
	tap.ok(new Edge().distance(0) === null, 'nothing is known at first');
	const plain = watched(Edge, () => 0);
	plain.update({ partList: null, partHoldBack: 0, partTarget: 0, edge: 21 },
	    21000);
	tap.ok(plain.distance(21000) === null, 'nor without parts');
}

const box = (type, ...body) => Buffer.concat([
	Buffer.from([0, 0, 0, 8 + Buffer.concat(body).length]),
	Buffer.from(type), ...body]);
const bytes = (buffer) => new Uint8Array(buffer).buffer;

function testThumbs(tap, { parseVtt, pictureOf, Thumbs }) {
	const jpeg = Buffer.from([0xff, 0xd8, 0xff, 1, 2]);
	const whole = Buffer.concat([box('styp', Buffer.alloc(4)),
	    box('moof'), box('mdat', jpeg)]);
	const cues = parseVtt('WEBVTT\n\n00:05.000 --> 01:00:10.500\n' +
	    '000001/000000/000000006.jpg#xywh=0,90,160,90\n\n' +
	    '00:00:00.000 --> nonsense\nx\n', 'http://h/cam/thumb/vod.vtt');

	tap.ok(JSON.stringify(cues) === JSON.stringify([{
		start: 5, end: 3610.5,
		url: 'http://h/cam/thumb/000001/000000/000000006.jpg',
		x: 0, y: 90, w: 160, h: 90,
	}]), 'an index of thumbnails, and nonsense in it');
	tap.ok(pictureOf(bytes(whole))?.size === jpeg.length,
	    'the picture of a fragment');
	tap.ok(pictureOf(bytes(box('mdat'))) === null, 'of one that has none');
	for (let n = 0; n < whole.length; n++)
		if (pictureOf(bytes(whole.subarray(0, n))) !== null)
			tap.ok(false, `half a fragment (${n} bytes)`);
	tap.ok(pictureOf(bytes(Buffer.alloc(64))) === null, 'of zeros');
	const thumbs = new Thumbs('cam', false);
	tap.ok(thumbs.beside('http://h/x/cam/big/000001/000000/000000012.m4s') ===
	    'http://h/x/cam/thumb/000001/000000/000000012.m4s' &&
	    thumbs.beside(
		'http://h/cam/big/000001/000000/000000012-000000013.m4s') ===
	    'http://h/cam/thumb/000001/000000/000000012.m4s' &&
	    thumbs.beside('http://h/cam/big/12.m4s') === null,
	    'the thumbnail beside a segment');
}

async function main() {
	const tap = new Tap();
	/* As modules, whatever node takes the ending for. */
	const load = (name) => import('data:text/javascript,' +
	    encodeURIComponent(fs.readFileSync(
		path.join(process.argv[2], name), 'utf8')));

	testEdge(tap, await load('edge.js'));
	testThumbs(tap, await load('thumbs.js'));
	tap.done();
}

main().catch((error) => {
	console.log(`Bail out! ${error.message.split('\n')[0]}`);
	process.exitCode = 99;
});
