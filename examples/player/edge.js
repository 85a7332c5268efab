/*
 * How near to the live edge a stream with partial segments can be played.  The
 * distance that its playlist asks for suits every network.  Where parts come
 * steadily it can be less: one part, what the latest of them was late, and a
 * spare; two parts at least, which is the least a playlist may ask for.
 */

const WATCH_MS = 30000;		/* what was longer ago does not count */
const ENOUGH = 10;		/* parts, before anything is known */
const SPARE_S = 0.4;
const SHY_MS = 60000;		/* after a stall it is what is asked for */

export class Edge {
	constructor() {
		this.at = 0;		/* the edge, on the player's time line */
		this.seen = [];		/* { now, late }: when it moved */
		this.asked = null;	/* seconds: what the playlist asks for */
		this.part = 0;		/* seconds: a part, at most */
		this.shyUntil = 0;
	}

	/* DETAILS, as hls.js calls a media playlist, is there since NOW. */
	update(details, now) {
		this.asked = details.partList ? details.partHoldBack : null;
		this.part = details.partTarget;
		if (details.edge <= this.at)
			return;
		this.at = details.edge;
		this.seen.push({ now, late: now / 1000 - details.edge });
		this.seen = this.seen.filter((one) => one.now > now - WATCH_MS);
	}

	stalled(now) {
		this.shyUntil = now + SHY_MS;
	}

	/* Seconds; null: it is not for us to say. */
	distance(now) {
		if (!this.asked || this.seen.length < ENOUGH)
			return null;
		if (now < this.shyUntil)
			return this.asked;
		const late = this.seen.map((one) => one.late);
		const needed = this.part + Math.max(...late) - Math.min(...late) +
		    SPARE_S;

		return Math.min(this.asked, Math.max(2 * this.part, needed));
	}
}
