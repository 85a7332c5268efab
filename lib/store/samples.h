/*
 * samples - what the tables of a rendition's fragment say of its samples.
 *
 * The media itself is not read: the head of the file is enough.
 */
#ifndef STORE_SAMPLES_H
#define STORE_SAMPLES_H

#include <stdbool.h>

struct spool;
struct spool_key;
struct timeline_seg;

/*
 * Fill SEG's frames, and its iframe_at and iframe_bytes if it begins with a
 * sync sample, unless that was done.  False when its file, KEY's, cannot say.
 */
bool	samples_read(struct spool *s, const struct spool_key *key,
	    struct timeline_seg *seg);

#endif /* STORE_SAMPLES_H */
