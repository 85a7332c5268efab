/*
 * The controls below the picture, and the keys.  They act on the video and on
 * nothing else; what only the player knows they ask PLAYER for:
 *
 *	live()		is what plays live?
 *	goLive()	to where live playback is
 *	date(time)	of the picture at TIME, or null
 *	thumbnail(time)	a promise of its picture, see thumbs.js
 *	link()		of what plays, at this moment of it
 */

const STEP_S = 5;
const EDGE_S = 2;		/* so near to the end it is the end */
const IDLE_MS = 3000;
const NOTE_MS = 2000;

const byId = (id) => document.getElementById(id);
const pad = (number) => String(number).padStart(2, '0');

/* What the viewer chose, if the browser keeps it. */
export const remembered = {
	get(key) {
		try {
			return localStorage.getItem(`livespool.${key}`);
		} catch (error) {
			return null;
		}
	},
	set(key, value) {
		try {
			localStorage.setItem(`livespool.${key}`, value);
		} catch (error) {
			/* Private windows: it is forgotten. */
		}
	},
};

export function timeText(seconds) {
	const whole = Math.max(0, Math.floor(seconds));
	const hours = Math.floor(whole / 3600);
	const rest = `${Math.floor(whole / 60) % 60}:${pad(whole % 60)}`;

	return hours > 0 ? `${hours}:${rest.padStart(5, '0')}` : rest;
}

export class Controls {
	constructor(video, player) {
		this.video = video;
		this.player = player;
		this.dragging = false;
		this.asked = 0;		/* previews */
		this.idleTimer = 0;
		this.restoreVolume();
		this.listen();
		this.update();
	}

	listen() {
		const on = (id, type, act) => byId(id).addEventListener(type, act);

		on('play', 'click', () => this.togglePlay());
		on('video', 'click', () => this.togglePlay());
		on('video', 'dblclick', () => this.toggleFull());
		on('mute', 'click', () => this.toggleMute());
		on('unmute', 'click', () => this.toggleMute());
		on('volume', 'input', () => this.setVolume(
		    Number(byId('volume').value)));
		on('golive', 'click', () => this.player.goLive());
		on('full', 'click', () => this.toggleFull());
		on('pip', 'click', () => this.togglePip());
		on('share', 'click', () => this.share());
		on('keys', 'click', () => byId('help').showModal());
		on('seek', 'input', () => this.seekTo(Number(byId('seek').value)));
		on('seek', 'change', () => this.endPreview());
		on('seek', 'pointermove', (event) =>
		    this.preview(this.timeAt(event.clientX)));
		on('seek', 'pointerleave', () => this.endPreview());
		on('seek', 'blur', () => this.endPreview());
		on('screen', 'pointermove', () => this.awake());
		on('screen', 'focusin', () => this.awake());
		for (const type of ['play', 'pause', 'volumechange', 'timeupdate',
		    'durationchange', 'progress', 'emptied', 'ended'])
			this.video.addEventListener(type, () => this.update());
		for (const type of ['fullscreenchange', 'webkitfullscreenchange'])
			document.addEventListener(type, () => this.update());
		document.addEventListener('keydown', (event) => this.key(event));
		byId('pip').hidden = !document.pictureInPictureEnabled;
	}

	/* What can be seen: [start, end], or null. */
	range() {
		const ranges = this.video.seekable;

		return ranges.length === 0 ? null :
		    [ranges.start(0), ranges.end(ranges.length - 1)];
	}

	togglePlay() {
		const { video } = this;

		if (!video.paused)
			video.pause();
		else if (this.range() !== null)
			video.play().catch(() => {});
	}

	toggleMute() {
		const { video } = this;

		video.muted = !video.muted;
		if (!video.muted && video.volume === 0)
			video.volume = 0.5;
		this.rememberVolume();
	}

	setVolume(volume) {
		this.video.volume = Math.min(1, Math.max(0, volume));
		this.video.muted = this.video.volume === 0;
		this.rememberVolume();
	}

	rememberVolume() {
		remembered.set('volume', this.video.volume);
		remembered.set('muted', this.video.muted);
	}

	/* Sound only for who wanted it before: browsers start a page without. */
	restoreVolume() {
		const volume = Number(remembered.get('volume') ?? 1);

		this.video.volume = volume >= 0 && volume <= 1 ? volume : 1;
		this.video.muted = remembered.get('muted') !== 'false';
	}

	seekTo(time) {
		const range = this.range();
		const live = this.player.live();

		if (range === null)
			return;
		/* The start of a live stream goes while it is being loaded. */
		if (live && time > range[1] - EDGE_S)
			this.player.goLive();
		else
			this.video.currentTime = Math.min(range[1] - 0.1,
			    Math.max(range[0] + (live ? EDGE_S : 0), time));
		if (document.activeElement === byId('seek'))
			this.preview(time);
		this.update();
	}

	seekBy(seconds) {
		this.seekTo(this.video.currentTime + seconds);
	}

	toggleFull() {
		if (document.fullscreenElement !== null &&
		    document.fullscreenElement !== undefined)
			document.exitFullscreen();
		else if (byId('screen').requestFullscreen !== undefined)
			byId('screen').requestFullscreen().catch(() => {});
		else if (this.video.webkitEnterFullscreen !== undefined)
			this.video.webkitEnterFullscreen();	/* phones */
	}

	togglePip() {
		if (document.pictureInPictureElement !== null)
			document.exitPictureInPicture();
		else if (this.video.readyState > 0)
			this.video.requestPictureInPicture().catch(() => {});
	}

	async share() {
		const url = this.player.link();

		if (navigator.share !== undefined)
			return navigator.share({ url }).catch(() => {});
		const copied = await navigator.clipboard?.writeText(url)
		    .then(() => true, () => false);
		if (copied)
			this.note('The link is in the clipboard.');
		else
			window.prompt('The link to this moment:', url);
	}

	note(text) {
		byId('note').textContent = text;
		setTimeout(() => { byId('note').textContent = ''; }, NOTE_MS);
	}

	/* Keys that a focused control needs itself are left to it. */
	key(event) {
		const { tagName: tag, id } = event.target;
		const seeks = id === 'seek';
		const acts = {
			' ': () => this.togglePlay(),
			k: () => this.togglePlay(),
			m: () => this.toggleMute(),
			f: () => this.toggleFull(),
			p: () => this.togglePip(),
			s: () => this.share(),
			l: () => this.player.goLive(),
			ArrowLeft: () => this.seekBy(-STEP_S),
			ArrowRight: () => this.seekBy(STEP_S),
			ArrowUp: () => seeks ? this.seekBy(STEP_S) :
			    this.setVolume(this.video.volume + 0.1),
			ArrowDown: () => seeks ? this.seekBy(-STEP_S) :
			    this.setVolume(this.video.volume - 0.1),
			Home: () => this.seekTo(0),
			End: () => this.seekTo(Infinity),
			'?': () => byId('help').showModal(),
		};
		const act = Object.hasOwn(acts, event.key) ? acts[event.key] :
		    undefined;

		if (act === undefined || byId('help').open || event.ctrlKey ||
		    event.altKey || event.metaKey || tag === 'SELECT' ||
		    (id === 'volume' && event.key.length > 1) ||
		    ((tag === 'BUTTON' || tag === 'A') && event.key === ' '))
			return;
		event.preventDefault();
		this.awake();
		act();
	}

	/* In full screen the controls go when nobody moves. */
	awake() {
		byId('screen').classList.remove('idle');
		clearTimeout(this.idleTimer);
		this.idleTimer = setTimeout(() => byId('screen').classList.toggle(
		    'idle', !this.video.paused), IDLE_MS);
	}

	/* Previews. */

	timeAt(clientX) {
		const box = byId('seek').getBoundingClientRect();
		const range = this.range();

		return range === null ? null : range[0] + (range[1] - range[0]) *
		    Math.min(1, Math.max(0, (clientX - box.left) / box.width));
	}

	async preview(time) {
		const asked = ++this.asked;
		const range = this.range();

		if (time === null || range === null)
			return;
		const part = (time - range[0]) / (range[1] - range[0]);
		byId('preview').hidden = false;
		byId('preview-time').textContent = this.placeText(time, range);
		this.placePreview(part);
		const picture = await this.player.thumbnail(time);
		if (asked === this.asked) {
			this.showPicture(picture);
			this.placePreview(part);
		}
	}

	placePreview(part) {
		const preview = byId('preview');
		const room = byId('seek').offsetWidth;
		const half = preview.offsetWidth / 2;

		preview.style.left = `${Math.min(room - half,
		    Math.max(half, part * room))}px`;
	}

	showPicture(picture) {
		const { style } = byId('thumbnail');
		const cut = picture !== null && picture.w !== undefined;

		byId('thumbnail').hidden = picture === null;
		if (picture === null)
			return;
		style.backgroundImage = `url("${picture.url}")`;
		style.width = cut ? `${picture.w}px` : '';
		style.height = cut ? `${picture.h}px` : '';
		style.backgroundPosition = cut ?
		    `-${picture.x}px -${picture.y}px` : 'center';
		style.backgroundSize = cut ? 'auto' : 'contain';
	}

	endPreview() {
		this.asked++;
		byId('preview').hidden = true;
	}

	/* Where TIME is, in words: the time of day, or the time that has passed. */
	placeText(time, range) {
		const date = this.player.live() ? this.player.date(time) : null;

		return date === null ? timeText(time - range[0]) :
		    date.toLocaleTimeString();
	}

	update() {
		const { video } = this;
		const range = this.range();
		const none = range === null;
		const seek = byId('seek');

		byId('play').setAttribute('aria-label',
		    video.paused ? 'Play' : 'Pause');
		byId('play').dataset.on = String(!video.paused);
		byId('mute').setAttribute('aria-label',
		    video.muted ? 'Sound on' : 'Mute');
		byId('mute').dataset.on = String(!video.muted);
		byId('volume').value = video.muted ? 0 : video.volume;
		byId('full').dataset.on =
		    String(Boolean(document.fullscreenElement));
		for (const id of ['play', 'seek', 'pip', 'share'])
			byId(id).disabled = none;
		if (none) {
			seek.removeAttribute('aria-valuetext');
			byId('clock').textContent = '';
			return;
		}
		seek.min = range[0];
		seek.max = range[1];
		seek.value = video.currentTime;
		seek.setAttribute('aria-valuetext', this.placeWords(range));
		byId('clock').textContent = this.placeWords(range);
	}

	placeWords(range) {
		const place = this.placeText(this.video.currentTime, range);

		return this.player.live() ? place :
		    `${place} / ${timeText(range[1] - range[0])}`;
	}
}
