/*
 * run - originals by their paths, one after the other.  Those that follow each
 * other in their stream are worked on in one go.
 */
#ifndef TRANSCODE_JOB_RUN_H
#define TRANSCODE_JOB_RUN_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct worker;

/* All borrowed. */
struct run_conf {
	const struct worker	*worker;
	const char		*spool;		/* or NULL: by the path */
	bool			 progress;	/* is shown */
};

/*
 * Both return the exit status: that of what failed when there was one fragment,
 * ERR_NO when there were more.  What fails is logged.
 */
int	run_paths(const struct run_conf *conf, char *const paths[], size_t n);

/* The lines of descriptor FD, until its end.  None waits for another. */
int	run_lines(const struct run_conf *conf, int fd);

#endif /* TRANSCODE_JOB_RUN_H */
