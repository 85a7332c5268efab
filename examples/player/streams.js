/* What there is to choose: the live streams, and the playlists of one. */

import { posterUrl } from './thumbs.js';

export const LIVE = 'main';	/* the live playlist */
export const POSTER_MS = 10000;	/* thumbnails are so old at most */

const byId = (id) => document.getElementById(id);

/* A stream of the list. */
function streamItem(stream, name) {
	const item = document.createElement('li');
	const link = document.createElement('a');
	const poster = document.createElement('img');
	const words = document.createElement('span');

	link.href = `#${stream.name}`;
	words.textContent = stream.name;
	poster.alt = '';
	poster.dataset.stream = stream.name;
	poster.hidden = true;
	if (stream.name === name)
		link.setAttribute('aria-current', 'true');
	link.append(poster, words);
	item.append(link);
	return item;
}

let shown = '';			/* what the list shows, as text */

/* The live streams; left alone when nothing changed, for the focus's sake. */
export function showStreams(list, name) {
	const live = list === null ? [] :
	    list.streams.filter((stream) => stream.live);
	const now = JSON.stringify([name, live.map((stream) => stream.name)]);

	if (now !== shown) {
		const focused = document.activeElement?.closest?.('#streams a')
		    ?.getAttribute('href');

		byId('streams').replaceChildren(...live.map((stream) =>
		    streamItem(stream, name)));
		[...document.querySelectorAll('#streams a')].find((link) =>
		    link.getAttribute('href') === focused)?.focus();
		shown = now;
		showPosters();
	}
	byId('none').hidden = live.length > 0;
}

/* The next picture takes the place of the one before once it is there. */
export function showPosters() {
	for (const poster of document.querySelectorAll('#streams img')) {
		const next = new Image();

		next.onload = () => {
			poster.src = next.src;
			poster.hidden = false;
		};
		next.src = `${posterUrl(poster.dataset.stream)}?` +
		    Math.floor(Date.now() / POSTER_MS);
	}
}

let playlistsOf = null;		/* the stream asked about last */

/* What there is of the chosen stream beside the live playlist. */
export async function showPlaylists(of, playlist) {
	playlistsOf = of;
	const known = [[LIVE, 'Live'], ['event', 'From the start'],
	    ['vod', 'Recording']];
	const there = await Promise.all(known.map(async ([file]) =>
	    of !== null && (file === playlist || (file !== LIVE &&
	    await fetch(`${of}/${file}.m3u8`, { method: 'HEAD' })
		.then((answer) => answer.ok, () => false)))));

	if (of !== playlistsOf)
		return;
	const links = known.filter(([file], i) => there[i] || file === LIVE)
	    .map(([file, words]) => {
		const one = document.createElement('a');

		one.href = file === LIVE ? `#${of}` : `#${of}/${file}`;
		one.textContent = words;
		if (file === playlist)
			one.setAttribute('aria-current', 'true');
		return one;
	});
	byId('playlists').replaceChildren(...links);
	byId('playlists').hidden = of === null ||
	    (links.length < 2 && playlist === LIVE);
}
