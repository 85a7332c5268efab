/*
 * avlog - what the FFmpeg libraries say goes through base/log, at debug.
 *
 * They have one log for the whole process, so this is a global switch: call
 * it once, before the first decoder.
 */
#ifndef MEDIA_AVLOG_H
#define MEDIA_AVLOG_H

struct err;
enum err_class;

void	avlog_route(void);

/* Messages of level error or worse since avlog_route(). */
unsigned avlog_errors(void);

/* Set CLS and "WHAT: text of the AVERROR code RC".  Returns -1. */
int	avlog_err(struct err *err, enum err_class cls, int rc,
	    const char *what);

#endif /* MEDIA_AVLOG_H */
