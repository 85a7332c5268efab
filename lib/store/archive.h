/*
 * archive - fragments of a spool as a tar file, and back.
 *
 * POSIX pax (ustar where it is enough), through libarchive.  The names are
 * the paths below the spool, so tar(1) reads and makes such files as well.
 */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include <stddef.h>

#include "store/select.h"
#include "store/spool.h"

struct err;

struct archive_out;

/* Write to FD.  NULL with ERR_OS. */
struct archive_out	*archive_begin(struct spool *s, int fd,
			    struct err *err);

/*
 * Append the fragments that SEL means of STREAM's RENDITION, each epoch's
 * init segment first.  0, or -1: damaged ones with ERR_DATA.
 */
int	archive_add(struct archive_out *out, const char *stream,
	    const char *rendition, const struct select *sel, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Append the fragment KEY, now: a reader has all of it.  0, also when it is
 * gone; -1: damaged with ERR_DATA, and others can still be appended.
 */
int	archive_add_one(struct archive_out *out, const struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));

/* End it, and free OUT, also after a failure.  0 or -1. */
int	archive_end(struct archive_out *out, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Read a tar file from FD and publish what is in it; call FN for each
 * fragment that was not there.  Nothing is trusted: only regular files whose
 * names are paths of this spool, which are whole, and say themselves that they
 * belong there, and what is empty and says that an epoch cannot have a
 * rendition.  What is there already must have the same bytes.
 * 0, or -1 with ERR_DATA or what publishing fails with; what came before is
 * published.
 */
int	archive_import(struct spool *s, int fd, spool_fn *fn, void *arg,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * The same, but publish nothing: call FN for each fragment that is in the
 * spool with the same bytes.  What is not in the spool is passed over.
 * 0, or -1 with ERR_DATA, also when bytes differ.
 */
int	archive_compare(struct spool *s, int fd, spool_fn *fn, void *arg,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_ARCHIVE_H */
