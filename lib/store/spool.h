/*
 * spool - the store: names, publishing, listing, tickets.  See spool(5).
 *
 * Correct on any POSIX file system by link(2), rename(2) and O_EXCL alone.
 *
 *	src/STREAM/EPOCH/GROUP/SEQ.mp4			originals
 *	www/STREAM/RENDITION/init-EPOCH.mp4		init segments
 *	www/STREAM/RENDITION/EPOCH/GROUP/SEQ.m4s	renditions
 *	www/STREAM/RENDITION/EPOCH/GROUP/SEQ-SEQ.m4s	several: join.h
 *	www/STREAM/RENDITION/none-EPOCH			there will be none
 *	queue/STREAM+EPOCH+SEQ				tickets
 *	later/STREAM+EPOCH+SEQ				tickets put off
 *	quarantine/...					damaged: quarantine.h
 *	index/STREAM					a cache: index.h
 *	claimed/STREAM+EPOCH+SEQ@OWNER			claims: claim.h
 *	failed/STREAM+EPOCH+SEQ				parked: failed.h
 *
 * EPOCH and GROUP are 6 digits, SEQ 9; GROUP is SEQ / 1000, so that no
 * directory grows with the length of a stream.
 */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"

struct buf;
struct err;
struct fragment_info;

#define SPOOL_PATH_BYTES	256	/* of a path below the spool */
#define SPOOL_SRC		"src"	/* the rendition of an original */

#define SPOOL_EPOCH_MAX		999999u
#define SPOOL_SEQ_MAX		999999999u
#define SPOOL_GROUP		1000u	/* fragments of a directory */

struct spool {
	int	 fd;			/* the directory */
	char	*dir;			/* owned; its path as given */
	char	 synced[SPOOL_PATH_BYTES];	/* the directory of originals
						   whose way up is synced */
};

/* Names one fragment of one rendition. */
struct spool_key {
	char		stream[NAME_BYTES];
	char		rendition[NAME_BYTES];	/* SPOOL_SRC: original */
	uint32_t	epoch;
	uint32_t	seq;
};

/*
 * Open DIR; with CREATE make it and src, www, queue, later, claimed, failed
 * below it.
 * 0, or -1 with ERR_INPUT or ERR_CREATE.
 */
int	spool_open(struct spool *s, const char *dir, bool create,
	    struct err *err) __attribute__((warn_unused_result));
void	spool_close(struct spool *s);

/* The path of KEY, or of its epoch's init segment, below the spool. */
void	spool_path(const struct spool_key *key, char out[SPOOL_PATH_BYTES]);
void	spool_init_path(const struct spool_key *key,
	    char out[SPOOL_PATH_BYTES]);

/*
 * The empty file that says that KEY's epoch cannot have this rendition: no
 * such track, or a picture smaller than the rung.  transcode-job publishes
 * it; nothing then waits for the rendition.
 */
void	spool_none_path(const struct spool_key *key,
	    char out[SPOOL_PATH_BYTES]);

/*
 * The key that PATH names, whatever directory is in front of "src" or "www".
 * 0, or -1 with ERR_DATA.
 */
int	spool_parse_path(const char *path, struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * Publish N bytes at P as PATH below the spool: all or nothing, durable when
 * it returns (dot name, fsync, link, unlink, fsync of the directory).
 * Missing directories are made.  1 when published, 0 when the name was
 * there already (somebody else was first: a success), or -1 with ERR_CREATE,
 * ERR_IO, or ERR_AGAIN (disk full, quota, EIO: the same call may succeed
 * later).  After a failure PATH is not there, unless it was before.
 */
int	spool_publish(struct spool *s, const char *path, const void *p,
	    size_t n, struct err *err) __attribute__((warn_unused_result));

/*
 * The steps of spool_publish(), for several files of one directory: all are
 * written and started, then all synced, then all linked, and the directory
 * is synced once.  A draft is a file under a dot name, open as FD.
 */
struct spool_draft {
	int	fd;
	char	tmp[128];	/* dot, name, random number */
};

/* The directory of PATH, made when it is missing; the caller closes it. */
int	spool_dir_open(struct spool *s, const char *path, struct err *err)
	    __attribute__((warn_unused_result));
/* Errors as spool_publish() has them; after one there is no draft. */
int	spool_draft_write(int dirfd, const char *name, const void *p, size_t n,
	    struct spool_draft *d, struct err *err)
	    __attribute__((warn_unused_result));
/* More bytes behind it; it stays a draft when that fails. */
int	spool_draft_append(const struct spool_draft *d, const void *p,
	    size_t n, struct err *err) __attribute__((warn_unused_result));
/* Let the disk begin; what it says is heard in spool_draft_sync(). */
void	spool_draft_start(const struct spool_draft *d);
int	spool_draft_sync(const struct spool_draft *d, struct err *err)
	    __attribute__((warn_unused_result));
/* Give it the name NAME.  1, 0 when it is taken, -1. */
int	spool_draft_link(int dirfd, const struct spool_draft *d,
	    const char *name, struct err *err)
	    __attribute__((warn_unused_result));
/* Close it and remove the dot name; a link stays. */
void	spool_draft_drop(int dirfd, struct spool_draft *d);
int	spool_dir_sync(int dirfd, struct err *err)
	    __attribute__((warn_unused_result));

enum spool_care { SPOOL_DURABLE, SPOOL_VOLATILE };

/*
 * The same, but a file that is there already is replaced in one step: for
 * playlists, which change.  SPOOL_VOLATILE is for what is made again all the
 * time: nothing is synced, and after a power cut it may be the older one or
 * empty.  0 or -1.
 */
int	spool_replace(struct spool *s, const char *path, const void *p,
	    size_t n, enum spool_care care, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * What the one who makes a file again and again knows of it: init with
 * zeroes, and keep it for the next time.
 */
struct spool_known {
	uint64_t	sum;		/* of the bytes last written */
	bool		written, removed;
};

/*
 * spool_replace(), unless PATH has these bytes already.  It is read to find
 * out, as others may write or remove it, but not when KNOWN, which may be
 * NULL, had other bytes.  1, 0: it has; -1.
 */
int	spool_update(struct spool *s, const char *path, const void *p,
	    size_t n, enum spool_care care, struct spool_known *known,
	    struct err *err) __attribute__((warn_unused_result));

/* Remove PATH, unless KNOWN says that it is not there any more.  0 or -1. */
int	spool_drop(struct spool *s, const char *path,
	    struct spool_known *known, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Append the whole file of KEY, or of its epoch's init segment, to B.
 * 0, or -1 with ERR_INPUT, ERR_IO, or ERR_DATA when it is damaged, or is not
 * what its name says: fragment_check(), stream, rendition, epoch, seq.
 */
int	spool_read_init(struct spool *s, const struct spool_key *key,
	    struct buf *b, struct err *err)
	    __attribute__((warn_unused_result));
int	spool_read(struct spool *s, const struct spool_key *key,
	    struct buf *b, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Call FN for every fragment of STREAM and RENDITION with FIRST <= seq <=
 * LAST, in order of (epoch, seq).  Names only: no file is opened.
 * Stops when FN returns non-zero and returns that; else 0, or -1 with
 * ERR_IO.  A stream or rendition that is not there has no fragments.
 */
typedef int spool_fn(const struct spool_key *key, void *arg, struct err *err);
int	spool_each(struct spool *s, const char *stream, const char *rendition,
	    uint32_t first, uint32_t last, spool_fn *fn, void *arg,
	    struct err *err) __attribute__((warn_unused_result));

/* The same for KEY's epoch alone. */
int	spool_each_of_epoch(struct spool *s, const struct spool_key *key,
	    uint32_t first, uint32_t last, spool_fn *fn, void *arg,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * 1 when KEY's epoch has a fragment with FIRST <= seq <= LAST, 0, or -1.
 */
int	spool_any(struct spool *s, const struct spool_key *key, uint32_t first,
	    uint32_t last, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * The newest fragment.  1 and *KEY; 0 when there is none; -1.
 * Reads a handful of directories, however long the stream is.
 */
int	spool_newest(struct spool *s, const char *stream,
	    const char *rendition, struct spool_key *key, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * The fragment SEQ of an original's stream, whatever its epoch.
 * 1 and *KEY, 0 when it is not there, -1.
 */
int	spool_find(struct spool *s, const char *stream, const char *rendition,
	    uint32_t seq, struct spool_key *key, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * The sorted numbers of the epochs of a stream's rendition, or of the groups
 * of KEY's epoch, in an owned array.  0 or -1.
 */
int	spool_epochs(struct spool *s, const char *stream,
	    const char *rendition, uint32_t **epochs, size_t *count,
	    struct err *err) __attribute__((warn_unused_result));
/* Only the epochs that may have numbers from FIRST to LAST. */
int	spool_epochs_in(struct spool *s, const char *stream,
	    const char *rendition, uint32_t first, uint32_t last,
	    uint32_t **epochs, size_t *count, struct err *err)
	    __attribute__((warn_unused_result));
int	spool_groups(struct spool *s, const struct spool_key *key,
	    uint32_t **groups, size_t *count, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Which fragments of GROUP of KEY's epoch are there: THERE[i] is fragment
 * GROUP * SPOOL_GROUP + i.  One directory is read.  0 or -1.
 */
int	spool_group(struct spool *s, const struct spool_key *key,
	    uint32_t group, bool there[SPOOL_GROUP], struct err *err)
	    __attribute__((warn_unused_result));

/* The directory of GROUP of KEY's epoch, below the spool. */
void	spool_group_path(const struct spool_key *key, uint32_t group,
	    char out[SPOOL_PATH_BYTES]);

/* True when the file of KEY is there; when its epoch's init segment is; when
   its none file is. */
bool	spool_exists(struct spool *s, const struct spool_key *key);
bool	spool_init_exists(struct spool *s, const struct spool_key *key);
bool	spool_none(struct spool *s, const struct spool_key *key);

/* When the file of KEY was written, by its file system's clock.  0 or -1. */
int	spool_mtime_us(struct spool *s, const struct spool_key *key,
	    int64_t *mtime_us, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Remove the file of KEY, and the sheet of thumbnails that begins with it.
 * 1; 0 when it is not there; -1 with ERR_IO.
 */
int	spool_remove(struct spool *s, const struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));

/*
 * What time the spool's file system thinks it is: that of its top directory,
 * touched now.  Only this may be compared with spool_mtime_us().  0 or -1.
 */
int	spool_now_us(struct spool *s, int64_t *now_us, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Remove the dot files in the directory of KEY that were written more than
 * AGE_S before its last change: their writers are dead.  Only clocks of the
 * file system are compared.  0, or -1 with ERR_IO.
 */
int	spool_sweep(struct spool *s, const struct spool_key *key,
	    unsigned age_s, struct err *err)
	    __attribute__((warn_unused_result));

/*
 * Info and size of the file of KEY, from its head: what it says of itself,
 * its size and its place are checked, its media is not.
 * 0, or -1 as with spool_read().
 */
int	spool_info(struct spool *s, const struct spool_key *key,
	    struct fragment_info *info, uint64_t *bytes, struct err *err)
	    __attribute__((warn_unused_result));

/* True when there is a directory of STREAM, below src or www. */
bool	spool_has_stream(struct spool *s, const char *stream);

/*
 * Sorted names: the streams that have originals; the renditions that have a
 * directory below www/STREAM.  An owned array of owned strings, NULL-ended;
 * free it with spool_free_names().  NULL with ERR_IO or ERR_OS.
 */
char	**spool_streams(struct spool *s, struct err *err)
	    __attribute__((warn_unused_result));
char	**spool_renditions(struct spool *s, const char *stream,
	    struct err *err) __attribute__((warn_unused_result));
void	spool_free_names(char **names);

/*
 * Tickets: hints that a fragment lacks live renditions.  They may be lost,
 * doubled or stale without harm, so they are not synced.  Those in QUEUE_LATER
 * stand for what live work did not wait for: a fragment that came too late for
 * live playlists, or whose upper rungs were shed.
 */
#define SPOOL_TICKET_BYTES	96

enum spool_queue { QUEUE_LIVE, QUEUE_LATER };

/* Its directory below the spool. */
const char	*spool_queue_name(enum spool_queue q);

/* Call FN for every ticket of Q, in no order, as spool_each() does. */
int	spool_each_ticket(struct spool *s, enum spool_queue q, spool_fn *fn,
	    void *arg, struct err *err) __attribute__((warn_unused_result));
void	spool_ticket_name(const struct spool_key *key,
	    char out[SPOOL_TICKET_BYTES]);
int	spool_parse_ticket(const char *name, struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));
int	spool_ticket_put(struct spool *s, const struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));
/* Move it from QUEUE_LIVE to QUEUE_LATER, or make it there.  0 or -1. */
int	spool_ticket_defer(struct spool *s, const struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));
/* From either. */
int	spool_ticket_drop(struct spool *s, const struct spool_key *key,
	    struct err *err) __attribute__((warn_unused_result));

#endif /* STORE_SPOOL_H */
