#include "base/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

void
lines_init(struct lines *l, int fd)
{
	l->fd = fd;
	l->from = l->to = 0;
	l->ended = false;
}

/* The end of the line at hand, or NULL. */
static char *
find_end(struct lines *l)
{
	char *end = memchr(l->text + l->from, '\n', l->to - l->from);

	if (end != NULL || !l->ended || l->from == l->to)
		return end;
	/* There is room for it: see fill(). */
	return l->text + l->to;
}

/* 1 when there is more, 0 when there is none, -1. */
static int
fill(struct lines *l, bool wait, struct err *err)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	ssize_t n;

	memmove(l->text, l->text + l->from, l->to - l->from);
	l->to -= l->from;
	l->from = 0;
	if (!wait && poll(&p, 1, 0) != 1)
		return 0;
	while ((n = read(l->fd, l->text + l->to,
	    sizeof(l->text) - 1 - l->to)) == -1)
		if (errno != EINTR)
			return err_sys(err, ERR_IO, "cannot read");
	l->to += (size_t)n;
	l->ended = n == 0;
	return 1;
}

int
lines_next(struct lines *l, bool wait, char **line, struct err *err)
{
	char *end;
	int rc;

	while ((end = find_end(l)) == NULL) {
		if (l->to - l->from >= LINES_BYTES_MAX)
			break;
		if (l->ended)
			return 0;
		if ((rc = fill(l, wait, err)) != 1)
			return rc;
	}
	*line = l->text + l->from;
	if (end == NULL || end - *line >= LINES_BYTES_MAX)
		return err_set(err, ERR_DATA, "line over %d bytes",
		    LINES_BYTES_MAX - 1);
	*end = '\0';
	l->from = (size_t)(end - l->text) + (end < l->text + l->to);
	return 1;
}
