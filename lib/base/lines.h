/*
 * lines - the lines of a descriptor, and whether another is there already.
 */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINES_BYTES_MAX	8192	/* of a line, with its end */

struct err;

struct lines {
	int	 fd;			/* borrowed */
	size_t	 from, to;		/* what is read and not yet taken */
	bool	 ended;
	char	 text[8 * LINES_BYTES_MAX];
};

void	lines_init(struct lines *l, int fd);

/*
 * *LINE is the next one, without its end, until the next call; the last one may
 * lack its end.  Unless WAIT is set only one that can be had at once.
 * 1; 0 at the end, or when none is there yet; -1 with ERR_IO, or ERR_DATA when
 * it is too long.
 */
int	lines_next(struct lines *l, bool wait, char **line, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* BASE_LINES_H */
