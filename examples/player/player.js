/*
 * The player page.  Two things are kept: which streams there are (`list`,
 * read from streams.json) and the attempt to play one of them (`source`).
 * What the page says and does follows from the two, four times a second.
 *
 * The address says what to play: #STREAM is live, #STREAM/PLAYLIST another of
 * its playlists (event, vod, clip-...); ?at=DATE is where to begin.
 */

import { Controls } from './controls.js';
import { Edge } from './edge.js';
import { bitrateText, chooseQuality, chooseRemembered, showLevels }
    from './quality.js';
import { LIVE, POSTER_MS, showPlaylists, showPosters, showStreams }
    from './streams.js';
import { Thumbs } from './thumbs.js';

const POLL_MS = 2000;
const TICK_MS = 250;
const STALL_MS = 500;		/* no progress for so long is a stall */
const START_MS = 10000;		/* a start that takes longer has failed */
const STUCK_MS = 5000;		/* new media for so long, still no progress */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 8000;
const BEHIND_S = 5;		/* further behind than live playback gets */
const LATE_S = 0.5;		/* late enough to play faster */
const START_LATE_S = 1;	/* with low latency, that late is a leap */
const LATE_LOW_S = 0.2;		/* the same, with low latency */
const NEARER_S = 0.1;		/* what is worth another distance */
const LATE_RATE = 1.04;
const NATIVE_TYPE = 'application/vnd.apple.mpegurl';

/*
 * Three target durations behind the live edge is the default of hls.js.  It
 * is not repeated here: set by hand it would override HOLD-BACK.
 */
const HLS_CONFIG = {
	lowLatencyMode: true,
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
let playlist = LIVE;		/* of it */
let startAt = null;		/* the date to begin at, in ms */
let thumbs = null;		/* of it */
let trouble = '';		/* why the last attempt failed */
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
		edge: new Edge(),
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
	showLevels(null);
}

function loadHls(url) {
	const hls = new Hls(HLS_CONFIG);

	source.hls = hls;
	hls.on(Hls.Events.ERROR, (event, data) => {
		if (data.fatal)
			recover(hls, data);
	});
	hls.on(Hls.Events.LEVEL_UPDATED, (event, { details }) =>
	    source?.hls === hls &&
	    source.edge.update(details, performance.now()));
	hls.on(Hls.Events.LEVELS_UPDATED, () => showLevels(hls));
	hls.on(Hls.Events.MANIFEST_PARSED, () => {
		chooseRemembered(hls);
		showLevels(hls);
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
	fail(troubleOf(data));
}

/* What is wrong, in the words of a viewer. */
function troubleOf(data) {
	const code = data.response === undefined ? 0 : data.response.code;

	if (data.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR)
		return `This browser has no decoder for ${name}.`;
	if (code >= 400)
		return `The server refuses ${name} (${code}).`;
	if (data.type === Hls.ErrorTypes.NETWORK_ERROR)
		return `No connection to ${name}.`;
	return `${name} cannot be played: ${data.details}.`;
}

/* This attempt is over: another one follows, later each time. */
function fail(why) {
	trouble = why;
	if (source.engine === 'native' && source.startedAt === 0)
		nativeFailed = true;
	unload();
	retryAt = performance.now() + retryMs;
	retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
}

function play() {
	video.play().then(() => startAt !== null && seekToStart(), (error) => {
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

/* A moment that is in no playlist any more begins where it can. */
function seekToStart() {
	const ranges = video.seekable;
	const now = dateAt(video.currentTime);

	if (now === null || ranges.length === 0)
		return;
	video.currentTime = Math.min(ranges.end(ranges.length - 1) - 1,
	    Math.max(ranges.start(0),
	    video.currentTime + (startAt - now.getTime()) / 1000));
	startAt = null;
}

function goLive() {
	const ranges = video.seekable;
	const edge = source?.hls?.liveSyncPosition ?? null;

	if (!isLive())
		return;
	if (edge !== null)
		video.currentTime = edge;
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

const fragments = () => source === null || source.hls === null ? [] :
    source.hls.latestLevelDetails?.fragments ?? [];

/* When the picture at TIME arrived, by its own date; null: unknown. */
function dateAt(time) {
	let date = NaN;

	if (source !== null && source.hls !== null) {
		const of = fragments().findLast((one) => one.start <= time) ??
		    fragments()[0];

		if (of !== undefined && of.programDateTime !== null)
			date = of.programDateTime + 1000 * (time - of.start);
	} else if (source !== null &&
	    typeof video.getStartDate === 'function') {
		date = video.getStartDate().getTime() + 1000 * time;
	}
	return Number.isNaN(date) ? null : new Date(date);
}

/* Since the picture on the screen arrived; null: unknown. */
function latencyMs() {
	const date = source === null || source.startedAt === 0 || !isLive() ?
	    null : dateAt(video.currentTime);

	return date === null ? null : Date.now() - date.getTime();
}

/* Does what plays have no end? */
const isLive = () => video.duration === Infinity ||
    (source !== null && source.startedAt === 0 && playlist === LIVE);

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
		low_latency: source !== null && source.edge.asked !== null,
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
	showStreams(list, name);
	tick();
	setTimeout(readList, POLL_MS);
}

/* What the address asks for; names have nothing in them to be decoded. */
function chosen() {
	const [, stream, of, at] =
	    /^#?([\w.-]*)(?:\/([\w.-]+))?(?:\?at=([\w:.+-]+))?$/
	    .exec(location.hash) ?? ['', ''];
	const ms = Date.parse(at);

	return {
		stream: stream === '' ? null : stream,
		playlist: of ?? LIVE,
		at: Number.isNaN(ms) ? null : ms,
	};
}

function choose(wanted) {
	name = wanted.stream;
	playlist = wanted.playlist;
	startAt = wanted.at;
	trouble = '';
	stalls = 0;
	retryMs = RETRY_MIN_MS;
	unload();
	thumbs?.close();
	thumbs = name === null ? null : new Thumbs(name, playlist === 'vod');
	document.title = name === null ? 'livespool' : `${name} · livespool`;
	byId('title').textContent = name === null ? '' : name;
	showStreams(list, name);
	showPlaylists(name, playlist);
}

function link() {
	const date = distanceS() > BEHIND_S || !isLive() ?
	    dateAt(video.currentTime) : null;
	const url = new URL(location.href);

	url.hash = (playlist === LIVE ? name : `${name}/${playlist}`) +
	    (date === null ? '' : `?at=${date.toISOString()}`);
	return url.href;
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

	if (playlist !== LIVE)
		return `${name}/${playlist}.m3u8`;
	if (entry !== undefined)
		return entry.live ? entry.url : null;
	return list === null && listFailed ?
	    `${name}/${LIVE}.m3u8` : null;
}

/* The course of things. */

function followProgress(now) {
	if (video.currentTime !== source.time) {
		const forward = video.currentTime > source.time;

		source.time = video.currentTime;
		source.progressAt = now;
		source.freshAt = 0;
		if (source.stalled && !source.behind && forward)
			catchUp();
		source.stalled = false;
		source.behind = distanceS() > BEHIND_S;
		if (source.startedAt === 0 && video.videoWidth > 0) {
			source.startedAt = now;
			retryMs = RETRY_MIN_MS;
			trouble = '';
			/* A slow start is not to be felt for minutes. */
			if (source.edge.asked !== null &&
			    distanceS() > START_LATE_S && startAt === null)
				goLive();
		}
		return;
	}
	if (video.paused || video.seeking)
		source.progressAt = now;
	else if (source.startedAt !== 0 && source.endedAt === 0 &&
	    !source.stalled && now - source.progressAt > STALL_MS) {
		source.stalled = true;
		source.edge.stalled(now);
		stalls++;
	}
}

/*
 * Seconds behind where live playback would be.  hls.latency is not asked: right
 * after a seek it is that of the place before.
 */
function distanceS() {
	const hls = source?.hls ?? null;
	const details = hls?.latestLevelDetails ?? null;

	return details === null || !details.live ? 0 :
	    details.edge + details.age - video.currentTime - hls.targetLatency;
}

/* As near to the live edge as how it moves allows. */
function approach(now) {
	const distance = source.edge.distance(now);

	if (distance !== null &&
	    Math.abs(distance - source.hls.targetLatency) > NEARER_S)
		source.hls.targetLatency = distance;
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
	const enough = source.edge.asked === null ? LATE_S : LATE_LOW_S;
	const rate = late > (hurries ? 0 : enough) && late <= BEHIND_S &&
	    ahead > 1 ? LATE_RATE : 1;

	if (hurries || video.playbackRate === 1)
		video.playbackRate = rate;
}

/* What a stall has cost is made good, unless the viewer went back. */
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
			choose({ stream: first.name, playlist: LIVE, at: null });
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
	approach(now);
	hurry();
	if (source.endedAt !== 0) {
		if (playlist === LIVE && fresh(source.endedAt))
			unload();
	} else if (source.startedAt === 0) {
		if (!blocked && !video.paused &&
		    now - source.loadedAt > START_MS)
			fail(`${name} does not start.`);
	} else if (source.stalled && fresh(source.progressAt)) {
		if (source.freshAt === 0)
			source.freshAt = now;
		else if (now - source.freshAt > STUCK_MS)
			fail(`${name} hangs.`);
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
	if (playlist === LIVE && list !== null &&
	    (entry === undefined || !entry.live))
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
		return playlist === LIVE ? `${name} has ended.` :
		    `This is the end of ${name}.`;
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
		return `${trouble} Trying again.`;
	default:
		return '';
	}
}

/* The page. */

function show(id, text) {
	if (byId(id).textContent !== text)
		byId(id).textContent = text;
}

function engineText() {
	if (source === null || source.engine === null)
		return '–';
	return source.hls === null ? 'the browser’s' : `hls.js ${Hls.version}` +
	    (source.edge.asked === null ? '' : ', low latency');
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
}

byId('quality').addEventListener('change', (event) =>
    source !== null && source.hls !== null &&
    chooseQuality(source.hls, Number(event.target.value)));
video.addEventListener('playing', () => {
	blocked = false;
	if (source !== null)
		source.endedAt = 0;	/* played once more */
});
video.addEventListener('ended', () => {
	if (source !== null)
		source.endedAt = performance.now();
});
video.addEventListener('error', () => {
	/* With hls.js it tells of its own errors, and mends some. */
	if (source !== null && source.hls === null && video.error !== null)
		fail(`${name} cannot be played: ${video.error.message ||
		    `error ${video.error.code}`}.`);
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

new Controls(video, {
	live: isLive,
	goLive,
	date: dateAt,
	thumbnail: async (time) => thumbs === null ? null :
	    thumbs.at(time, fragments()),
	link,
});
choose(chosen());
setInterval(tick, TICK_MS);
setInterval(showPosters, POSTER_MS);
readList();
