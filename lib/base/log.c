#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"

static const char *prog = "livespool";
static enum log_level max_level = LOG_LEVEL_WARNING;

void
log_name(const char *name)
{
	prog = name;
}

void
log_set_level(enum log_level level)
{
	max_level = level;
}

enum log_level
log_get_level(void)
{
	return max_level;
}

static void	emit(enum log_level, const char *, va_list)
		    __attribute__((format(printf, 2, 0)));

static void
emit(enum log_level level, const char *fmt, va_list ap)
{
	static const char *const names[] = {
		"error", "warning", "info", "debug"
	};
	char line[1024];
	size_t n, i;
	int saved = errno, len;

	if (level > max_level)
		return;
	len = snprintf(line, sizeof(line), "%s: %s: ", prog, names[level]);
	n = len < 0 ? 0 : (size_t)len;
	len = vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	n += len < 0 ? 0 : (size_t)len;
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	for (i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	/* Nobody is left to tell when this fails. */
	if (write(STDERR_FILENO, line, n) == -1)
		errno = saved;
	errno = saved;
}

#define LOG_FUNCTION(name, level)		\
void						\
name(const char *fmt, ...)			\
{						\
	va_list ap;				\
						\
	va_start(ap, fmt);			\
	emit(level, fmt, ap);			\
	va_end(ap);				\
}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

int
log_fatal(const struct err *err)
{
	log_error("%s", err->text);
	return (int)err->cls;
}
