/*
 * follow - the playlists of some or all streams, kept up to date.
 *
 * What it keeps in memory is read from files that never change; killed and
 * started again it writes the same bytes.  No descriptors and no signals:
 * the caller waits, and says which stream was touched.
 */
#ifndef STORE_FOLLOW_H
#define STORE_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/hls.h"

struct err;
struct spool;
struct follow_stream;

struct follow {
	struct spool		*s;		/* borrowed */
	const struct hls_conf	*conf;		/* borrowed */
	char *const		*only;		/* borrowed; streams asked for */
	size_t			 nonly;		/* 0: all there are */
	hls_written_fn		*written;
	void			*arg;
	struct follow_stream	*streams;	/* owned; sorted by name */
	size_t			 count;
	int64_t			 next_us;	/* monotonic: of the next look */
	unsigned		 looks;
};

void	follow_init(struct follow *f, struct spool *s,
	    const struct hls_conf *conf, char *const *only, size_t nonly,
	    hls_written_fn *written, void *arg);
void	follow_release(struct follow *f);

/*
 * Write every stream's playlists now.  0, or -1 with the first failure after
 * trying all; a stream asked for by name that has nothing is ERR_INPUT.
 */
int	follow_once(struct follow *f, struct err *err)
	    __attribute__((warn_unused_result));

/* Something of STREAM changed (NULL: of any). */
void	follow_touch(struct follow *f, const char *stream);

/*
 * Update the streams touched, and once a second those that changed without
 * a touch.  Failures are logged and tried again.
 * Microseconds until it wants to be called again.
 */
int64_t	follow_update(struct follow *f);

#endif /* STORE_FOLLOW_H */
