/*
 * Thumbnails.  They are the rendition that a ladder calls `thumb`: its newest
 * is live.jpg, vod.vtt says where in which sheet the others are, and while
 * there is no such index each is a fragment beside those of the pictures.
 */

const RENDITION = 'thumb';
const BACK = 10;	/* fragments that may lack one between two that do not */
const KEEP = 200;	/* of them in memory */

export const posterUrl = (stream) =>
    `${encodeURIComponent(stream)}/${RENDITION}/live.jpg`;

/* Seconds of [HH:]MM:SS.mmm. */
const seconds = (text) => text.split(':')
    .reduce((sum, part) => 60 * sum + Number(part), 0);

/* The cues of a WebVTT file: { start, end, url, x, y, w, h }. */
export function parseVtt(text, base) {
	const cue = /^([\d:.]+) --> ([\d:.]+).*\r?\n(.+)#xywh=(\d+),(\d+),(\d+),(\d+)/gm;

	return [...text.matchAll(cue)].map(([, start, end, file, ...place]) => {
		const [x, y, w, h] = place.map(Number);

		return {
			start: seconds(start), end: seconds(end),
			url: new URL(file, base).href, x, y, w, h,
		};
	});
}

/* The JPEG picture in a fragment, or null. */
export function pictureOf(buffer) {
	const view = new DataView(buffer);

	for (let at = 0; at + 8 <= buffer.byteLength;) {
		const size = view.getUint32(at);

		if (size < 8 || at + size > buffer.byteLength)
			return null;
		/* mdat, and the start of an image */
		if (view.getUint32(at + 4) === 0x6d646174 && size > 10 &&
		    view.getUint16(at + 8) === 0xffd8)
			return new Blob([new Uint8Array(buffer, at + 8, size - 8)],
			    { type: 'image/jpeg' });
		at += size;
	}
	return null;
}

/* What was at a time of a stream. */
export class Thumbs {
	constructor(stream, recorded) {
		this.pictures = new Map();	/* by URL: promise of one or null */
		this.cues = recorded ? this.readIndex(
		    `${encodeURIComponent(stream)}/${RENDITION}/vod.vtt`) :
		    Promise.resolve([]);
	}

	async readIndex(path) {
		const answer = await fetch(path).catch(() => null);

		return answer === null || !answer.ok ? [] :
		    parseVtt(await answer.text(), answer.url);
	}

	/*
	 * A picture { url, x, y, w, h } of TIME, without a place if it is all of
	 * a file, or null.  FRAGMENTS are those of hls.js, in order.
	 */
	async at(time, fragments) {
		const cues = await this.cues;

		if (cues.length > 0)
			return cues.find((cue) => time >= cue.start &&
			    time < cue.end) ?? null;
		for (let i = fragments.findLastIndex((one) => one.start <= time),
		    end = i - BACK; i >= 0 && i > end; i--) {
			const url = this.beside(fragments[i].url);
			const picture = url === null ? null :
			    await this.fetchOnce(url);

			if (picture !== null)
				return { url: picture };
		}
		return null;
	}

	/* The thumbnail's URL beside that of a fragment of any rendition. */
	beside(url) {
		const path = /[^/]+(\/\d{6}\/\d{6}\/\d{9})(?:-\d{9})?\.m4s$/;
		const { origin, pathname } = new URL(url);

		return path.test(pathname) ?
		    origin + pathname.replace(path, `${RENDITION}$1.m4s`) : null;
	}

	fetchOnce(url) {
		if (!this.pictures.has(url)) {
			this.pictures.set(url, this.fetchPicture(url));
			if (this.pictures.size > KEEP)
				this.drop(this.pictures.keys().next().value);
		}
		return this.pictures.get(url);
	}

	async fetchPicture(url) {
		const answer = await fetch(url).catch(() => null);
		const picture = answer === null || !answer.ok ? null :
		    pictureOf(await answer.arrayBuffer());

		return picture === null ? null : URL.createObjectURL(picture);
	}

	drop(url) {
		this.pictures.get(url).then((picture) =>
		    picture !== null && URL.revokeObjectURL(picture));
		this.pictures.delete(url);
	}

	close() {
		for (const url of [...this.pictures.keys()])
			this.drop(url);
	}
}
