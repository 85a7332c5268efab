'use strict';

/*
 * The player page.  Two things are kept: which streams there are (`list`,
 * read from streams.json) and the attempt to play one of them (`source`).
 * What the page says and does follows from the two, four times a second.
 */

const POLL_MS = 2000;
const TICK_MS = 250;
const STALL_MS = 500;		/* no progress for so long is a stall */
const START_MS = 10000;		/* a start that takes longer has failed */
const STUCK_MS = 5000;		/* new media for so long, still no progress */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 8000;
const BEHIND_S = 5;		/* further behind than live playback gets */
const LATE_S = 0.5;		/* late enough to play faster */
const LATE_RATE = 1.04;
const NATIVE_TYPE = 'application/vnd.apple.mpegurl';

/*
 * Three target durations behind the live edge is the default of hls.js.  It
 * is not repeated here: set by hand it would override HOLD-BACK.
 */
const HLS_CONFIG = {
	liveDurationInfinity: true,
	startFragPrefetch: true,
	capLevelToPlayerSize: true,
	backBufferLength: 30,
	fragLoadPolicy: {
		default: {
			maxTimeToFirstByteMs: 4000,
			maxLoadTimeMs: 10000,
			timeoutRetry: {
				maxNumRetry: 4,
				retryDelayMs: 0,
				maxRetryDelayMs: 0,
			},
			errorRetry: {
				maxNumRetry: 6,
				retryDelayMs: 500,
				maxRetryDelayMs: 2000,
			},
		},
	},
};

const byId = (id) => document.getElementById(id);
const video = byId('video');
const forced = new URLSearchParams(location.search).get('engine');
const hlsWorks = () => typeof Hls === 'function' && Hls.isSupported();

let name = null;		/* of the chosen stream */
let list = null;		/* { at, streams }: the last one read */
let listFailed = false;
let source = null;		/* the attempt to play, see load() */
let nativeFailed = false;
let retryMs = RETRY_MIN_MS;
let retryAt = 0;
let stalls = 0;
let blocked = false;		/* the browser wants a click before it plays */

/* The engines. */

/*
 * The browser's own player where it is whole: some play HLS but date no
 * picture, and then neither latency nor quality is known or chosen.
 */
function chooseEngine() {
	const native = video.canPlayType(NATIVE_TYPE) !== '';
	const whole = native && typeof video.getStartDate === 'function';

	if (forced === 'hls' || forced === 'native')
		return forced;
	if (whole && !nativeFailed)
		return 'native';
	if (hlsWorks())
		return 'hls';
	return native ? 'native' : null;
}

function load(url) {
	const engine = chooseEngine();
	const now = performance.now();

	unload();
	source = {
		url, engine, hls: null,
		loadedAt: now,
		startedAt: 0,		/* first progress */
		progressAt: now,	/* last progress */
		time: 0,		/* currentTime then */
		freshAt: 0,		/* since when new media does not help */
		endedAt: 0,
		mediaErrors: 0,
		stalled: false,
		behind: false,
		variants: [],		/* of a native player, see readMain() */
	};
	if (engine === 'hls')
		loadHls(url);
	else if (engine === 'native')
		loadNative(url);
}

function unload() {
	if (source !== null && source.hls !== null)
		source.hls.destroy();
	source = null;
	blocked = false;
	retryAt = 0;
	video.removeAttribute('src');
	video.load();
	showLevels([]);
}

function loadHls(url) {
	const hls = new Hls(HLS_CONFIG);

	source.hls = hls;
	hls.on(Hls.Events.ERROR, (event, data) => {
		if (data.fatal)
			recover(hls, data);
	});
	hls.on(Hls.Events.LEVELS_UPDATED, () => showLevels(hls.levels));
	hls.on(Hls.Events.MANIFEST_PARSED, () => {
		showLevels(hls.levels);
		play();
	});
	hls.loadSource(url);
	hls.attachMedia(video);
}

function loadNative(url) {
	video.src = url;
	play();
	readMain(source);
}

/*
 * hls.js has given up.  Media errors it can still recover from, when asked;
 * after a network error all its retries are used up, and a loop of them is
 * for the page to avoid.
 */
function recover(hls, data) {
	if (source === null || source.hls !== hls)
		return;
	if (data.type === Hls.ErrorTypes.MEDIA_ERROR &&
	    source.mediaErrors++ < 2) {
		if (source.mediaErrors === 2)
			hls.swapAudioCodec();
		hls.recoverMediaError();
		play();
		return;
	}
	fail();
}

/* This attempt is over: another one follows, later each time. */
function fail() {
	if (source.engine === 'native' && source.startedAt === 0)
		nativeFailed = true;
	unload();
	retryAt = performance.now() + retryMs;
	retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
}

function play() {
	video.play().catch((error) => {
		if (error.name !== 'NotAllowedError')
			return;
		if (video.muted) {
			blocked = true;
			return;
		}
		video.muted = true;
		play();
	});
}

function goLive() {
	const ranges = video.seekable;

	if (source !== null && source.hls !== null)
		video.currentTime = source.hls.liveSyncPosition;
	else if (ranges.length > 0)
		video.currentTime = ranges.end(ranges.length - 1) - 1;
	play();
}

/* What is being played. */

/* The directory of a media playlist is named after its rendition. */
function renditionName(url) {
	const parts = new URL(url, document.baseURI).pathname.split('/');
	const file = parts.pop().replace(/\.m3u8$/, '');
	const dir = decodeURIComponent(parts.pop() || '');

	return dir === '' || dir === name ? file : dir;
}

/*
 * A native player does not tell which rendition it plays.  The playlist does,
 * as long as one rendition alone has the height of the picture.
 */
async function readMain(wanted) {
	const answer = await fetch(wanted.url).catch(() => null);
	const text = answer !== null && answer.ok ? await answer.text() : '';
	const entry = /^#EXT-X-STREAM-INF:(.*)\r?\n(?:#.*\r?\n)*([^#\s].*)$/gm;

	for (const [, attributes, uri] of text.matchAll(entry)) {
		const size = /RESOLUTION=\d+x(\d+)/.exec(attributes);
		const rate = /(?:^|,)BANDWIDTH=(\d+)/.exec(attributes);

		wanted.variants.push({
			height: size === null ? 0 : Number(size[1]),
			bitrate: rate === null ? 0 : Number(rate[1]),
			url: new URL(uri.trim(), answer.url).href,
		});
	}
}

function currentLevel() {
	if (source === null)
		return null;
	if (source.hls !== null) {
		const level = source.hls.levels[source.hls.currentLevel];

		return level === undefined ? null :
		    { bitrate: level.bitrate, url: level.url[0] };
	}
	const same = source.variants.filter((variant) =>
	    variant.height === video.videoHeight);
	return same.length === 1 ? same[0] : null;
}

/* Since the picture on the screen was taken, by its own date; null: unknown. */
function latencyMs() {
	let date = null;

	if (source === null || source.startedAt === 0)
		return null;
	if (source.hls !== null) {
		date = source.hls.playingDate;
	} else if (typeof video.getStartDate === 'function') {
		date = video.getStartDate();
		date = new Date(date.getTime() + 1000 * video.currentTime);
	}
	return date === null || Number.isNaN(date.getTime()) ? null :
	    Date.now() - date.getTime();
}

function stats() {
	const level = currentLevel();
	const quality = video.getVideoPlaybackQuality();

	return {
		stream: name,
		state: state(),
		engine: source === null ? null : source.engine,
		startup_ms: source === null || source.startedAt === 0 ? null :
		    Math.round(source.startedAt - source.loadedAt),
		latency_ms: latencyMs(),
		width: video.videoWidth,
		height: video.videoHeight,
		bitrate_bps: level === null ? null : level.bitrate,
		rendition: level === null ? null : renditionName(level.url),
		stalls,
		frames: quality.totalVideoFrames,
		dropped: quality.droppedVideoFrames,
	};
}

/* The streams. */

const entryOf = (wanted) => list === null ? undefined :
    list.streams.find((stream) => stream.name === wanted);

async function readList() {
	try {
		const answer = await fetch('streams.json', {
			cache: 'no-store',
			signal: AbortSignal.timeout(2 * POLL_MS),
		});
		if (!answer.ok)
			throw new Error(`status ${answer.status}`);
		const streams = await answer.json();

		streams.sort((a, b) => a.name < b.name ? -1 : 1);
		list = { at: performance.now(), streams };
		listFailed = false;
	} catch (error) {
		listFailed = true;
	}
	showList();
	tick();
	setTimeout(readList, POLL_MS);
}

function chosen() {
	const hash = location.hash.slice(1);

	try {
		return hash === '' ? null : decodeURIComponent(hash);
	} catch (error) {
		return null;
	}
}

function choose(wanted) {
	name = wanted;
	stalls = 0;
	retryMs = RETRY_MIN_MS;
	unload();
	document.title = name === null ? 'livespool' : `${name} · livespool`;
	byId('title').textContent = name === null ? '' : name;
	showList();
}

/* Has the chosen stream grown since SINCE? */
function fresh(since) {
	const entry = entryOf(name);

	return !listFailed && entry !== undefined && entry.live &&
	    entry.age_ms !== null && list.at - entry.age_ms > since + 1000;
}

/* A server without streams.json still plays what the address names. */
function urlToPlay() {
	const entry = entryOf(name);

	if (entry !== undefined)
		return entry.live ? entry.url : null;
	return list === null && listFailed ?
	    `${encodeURIComponent(name)}/main.m3u8` : null;
}

/* The course of things. */

function followProgress(now) {
	if (video.currentTime !== source.time) {
		source.time = video.currentTime;
		source.progressAt = now;
		source.freshAt = 0;
		if (source.stalled && !source.behind)
			catchUp();
		source.stalled = false;
		source.behind = distanceS() > BEHIND_S;
		if (source.startedAt === 0 && video.videoWidth > 0) {
			source.startedAt = now;
			retryMs = RETRY_MIN_MS;
		}
		return;
	}
	if (video.paused || video.seeking)
		source.progressAt = now;
	else if (source.startedAt !== 0 && source.endedAt === 0 &&
	    !source.stalled && now - source.progressAt > STALL_MS) {
		source.stalled = true;
		stalls++;
	}
}

/* Seconds behind where live playback would be. */
function distanceS() {
	const hls = source.hls;
	const details = hls === null ? null : hls.latestLevelDetails;

	return details === null || !details.live ? 0 :
	    hls.latency - hls.targetLatency;
}

/*
 * A slow start leaves playback a little late for good: hls.js hurries over
 * one target duration alone.  A speed that the viewer chose is left alone.
 */
function hurry() {
	const ranges = video.buffered;
	const ahead = ranges.length === 0 ? 0 :
	    ranges.end(ranges.length - 1) - video.currentTime;
	const hurries = video.playbackRate === LATE_RATE;
	const late = distanceS();
	const rate = late > (hurries ? 0 : LATE_S) && late <= BEHIND_S &&
	    ahead > 1 ? LATE_RATE : 1;

	if (hurries || video.playbackRate === 1)
		video.playbackRate = rate;
}

/* What a stall has cost is made good, unless the viewer had gone back. */
function catchUp() {
	if (distanceS() > BEHIND_S)
		goLive();
}

function tick() {
	const now = performance.now();

	if (name === null) {
		const first = list === null ? undefined :
		    list.streams.find((stream) => stream.live);
		if (first !== undefined)
			choose(first.name);
	}
	if (source !== null)
		supervise(now);
	if (source === null && name !== null && now >= retryAt) {
		const url = urlToPlay();
		if (url !== null)
			load(url);
	}
	showFacts();
}

/* Give up an attempt that has ended or hangs although the stream goes on. */
function supervise(now) {
	followProgress(now);
	if (source.engine === null)
		return;
	hurry();
	if (source.endedAt !== 0) {
		if (fresh(source.endedAt))
			unload();
	} else if (source.startedAt === 0) {
		if (!blocked && !video.paused &&
		    now - source.loadedAt > START_MS)
			fail();
	} else if (source.stalled && fresh(source.progressAt)) {
		if (source.freshAt === 0)
			source.freshAt = now;
		else if (now - source.freshAt > STUCK_MS)
			fail();
	}
}

function state() {
	const entry = entryOf(name);

	if (name === null)
		return list === null ? 'listing' : 'idle';
	if (source !== null && source.engine === null)
		return 'unsupported';
	if (source !== null && source.endedAt !== 0)
		return 'ended';
	if (source !== null && blocked)
		return 'blocked';
	if (source !== null && source.startedAt !== 0 && !source.stalled)
		return video.paused ? 'paused' : 'playing';
	if (list !== null && (entry === undefined || !entry.live))
		return 'off';
	if (source !== null)
		return source.stalled ? 'stalled' : 'connecting';
	return retryAt === 0 ? 'connecting' : 'retrying';
}

function message() {
	switch (state()) {
	case 'listing':
		return listFailed ?
		    'The list of streams cannot be read. Trying again.' :
		    'Looking for streams…';
	case 'idle':
		return 'Nothing is live. ' +
		    'The first stream to start will play here.';
	case 'unsupported':
		return 'This browser plays HLS neither by itself nor with hls.js.';
	case 'ended':
		return `${name} has ended.`;
	case 'off':
		return `${name} is off the air. ` +
		    'It will play here when it comes back.';
	case 'blocked':
		return 'Press play to start.';
	case 'connecting':
		return `Connecting to ${name}…`;
	case 'stalled':
		return `Waiting for more of ${name}…`;
	case 'retrying':
		return `No connection to ${name}. Trying again.`;
	default:
		return '';
	}
}

/* The page. */

function show(id, text) {
	if (byId(id).textContent !== text)
		byId(id).textContent = text;
}

function bitrateText(bps) {
	return bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mbit/s` :
	    `${Math.round(bps / 1e3)} kbit/s`;
}

function engineText() {
	if (source === null || source.engine === null)
		return '–';
	return source.hls === null ? 'the browser’s' : `hls.js ${Hls.version}`;
}

function showFacts() {
	const now = stats();
	const text = message();
	const playing = ['playing', 'paused', 'stalled'].includes(now.state);
	const known = (value, words) => playing && value ? words(value) : '–';

	show('message', text);
	show('latency', known(now.latency_ms, (ms) =>
	    `${(ms / 1000).toFixed(1)} s`));
	show('picture', known(now.height, () => `${now.width} × ${now.height}`));
	show('bitrate', known(now.bitrate_bps, bitrateText));
	show('rendition', known(now.rendition, (words) => words));
	show('stalls', name === null ? '–' : String(stalls));
	show('engine', engineText());
	byId('golive').hidden = !playing || distanceS() <= BEHIND_S;
	byId('unmute').hidden = !playing || !video.muted;
	video.controls = text === '' || now.state === 'blocked';
}

/* The live streams, and the chosen one whatever it does. */
function showList() {
	const live = list === null ? [] :
	    list.streams.filter((stream) => stream.live);
	const links = live.map((stream) => {
		const item = document.createElement('li');
		const link = document.createElement('a');

		link.href = `#${encodeURIComponent(stream.name)}`;
		link.textContent = stream.name;
		if (stream.name === name)
			link.setAttribute('aria-current', 'true');
		item.append(link);
		return item;
	});
	const html = links.map((item) => item.outerHTML).join('');

	/* Left alone when nothing changed, for the sake of the focus. */
	if (byId('streams').innerHTML !== html)
		byId('streams').replaceChildren(...links);
	byId('none').hidden = live.length > 0;
}

function levelText(level, levels) {
	const size = level.height ? `${level.height}p` : 'Audio only';
	const codec = (level.videoCodec || '').split('.')[0];
	const codecs = new Set(levels.map((other) =>
	    (other.videoCodec || '').split('.')[0]));

	return [size, codecs.size > 1 ? codec : '', bitrateText(level.bitrate)]
	    .filter((word) => word !== '').join(' · ');
}

function showLevels(levels) {
	const select = byId('quality');

	select.replaceChildren(new Option('Auto', '-1'));
	levels.map((level, index) => ({ level, index })).reverse()
	    .forEach(({ level, index }) =>
		select.add(new Option(levelText(level, levels), index)));
	select.disabled = levels.length === 0;
}

byId('quality').addEventListener('change', (event) => {
	if (source !== null && source.hls !== null)
		source.hls.nextLevel = Number(event.target.value);
});
byId('golive').addEventListener('click', goLive);
byId('unmute').addEventListener('click', () => {
	video.muted = false;
});
video.addEventListener('playing', () => {
	blocked = false;
});
video.addEventListener('ended', () => {
	if (source !== null)
		source.endedAt = performance.now();
});
video.addEventListener('error', () => {
	/* With hls.js it tells of its own errors, and mends some. */
	if (source !== null && source.hls === null && video.error !== null)
		fail();
});
window.addEventListener('hashchange', () => {
	choose(chosen());
	tick();
});

window.livespool = {
	video,
	get hls() { return source === null ? null : source.hls; },
	stats,
};

choose(chosen());
setInterval(tick, TICK_MS);
readList();
