/*
 * The menu of qualities, over the levels of hls.js.  A choice is remembered by
 * size and codec: indexes mean nothing in another stream.
 */

import { remembered } from './controls.js';

const CODECS = {
	avc1: 'H.264', avc3: 'H.264', hvc1: 'HEVC', hev1: 'HEVC',
	av01: 'AV1', vp09: 'VP9',
};

const select = document.getElementById('quality');

export function bitrateText(bps) {
	return bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mbit/s` :
	    `${Math.round(bps / 1e3)} kbit/s`;
}

function codecOf(level) {
	const codec = (level.videoCodec || '').split('.')[0];

	return CODECS[codec] ?? codec;
}

const qualityOf = (level) => `${level.height} ${codecOf(level)}`;

function levelText(level, levels) {
	const size = level.height ? `${level.height}p` : 'Audio only';
	const codecs = new Set(levels.map(codecOf));

	return [size, codecs.size > 1 ? codecOf(level) : '',
	    bitrateText(level.bitrate)]
	    .filter((word) => word !== '').join(' · ');
}

/* The levels of HLS, best first; null: there is nothing to choose. */
export function showLevels(hls) {
	const levels = hls === null ? [] : hls.levels;

	select.replaceChildren(new Option('Auto', '-1'));
	levels.map((level, index) => ({ level, index })).reverse()
	    .forEach(({ level, index }) =>
		select.add(new Option(levelText(level, levels), index)));
	if (hls !== null && !hls.autoLevelEnabled)
		select.value = String(hls.manualLevel);
	select.disabled = levels.length === 0;
}

/* -1 leaves the choice to hls.js. */
export function chooseQuality(hls, index) {
	hls.nextLevel = index;
	remembered.set('quality', index < 0 ? 'auto' :
	    qualityOf(hls.levels[index]));
}

export function chooseRemembered(hls) {
	const index = hls.levels.findIndex((level) =>
	    qualityOf(level) === remembered.get('quality'));

	if (index >= 0)
		hls.nextLevel = index;
}
