#include "media/avlog.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/error.h>
#include <libavutil/log.h>

#include "base/err.h"
#include "base/log.h"

static atomic_uint errors;	/* any thread of a codec */

static void	on_log(void *, int, const char *, va_list)
		    __attribute__((format(printf, 3, 0)));

static void
on_log(void *context, int level, const char *fmt, va_list ap)
{
	char line[512];
	int prefix = 1;

	if (level <= AV_LOG_ERROR)
		errors++;
	if (level > AV_LOG_INFO || log_get_level() < LOG_LEVEL_DEBUG)
		return;
	if (av_log_format_line2(context, level, fmt, ap, line, sizeof(line),
	    &prefix) < 0)
		return;
	line[strcspn(line, "\n")] = '\0';
	log_debug("%s", line);
}

void
avlog_route(void)
{
	errors = 0;
	av_log_set_callback(on_log);
	/* SVT-AV1 has a log of its own: of it, fatal errors alone. */
	setenv("SVT_LOG", "0", 0);
}

unsigned
avlog_errors(void)
{
	return errors;
}

int
avlog_err(struct err *err, enum err_class cls, int rc, const char *what)
{
	char text[AV_ERROR_MAX_STRING_SIZE];

	if (rc == AVERROR(ENOMEM))
		return err_nomem(err);
	av_strerror(rc, text, sizeof(text));
	return err_set(err, cls, "%s: %s", what, text);
}
