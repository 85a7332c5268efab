#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void	put(struct err *, enum err_class, int, const char *, va_list)
		    __attribute__((format(printf, 4, 0)));

static void
put(struct err *err, enum err_class cls, int errnum, const char *fmt,
    va_list ap)
{
	err->cls = cls;
	err->errnum = errnum;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int
(err_set)(struct err *err, enum err_class cls, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(err, cls, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int
(err_sys)(struct err *err, enum err_class cls, const char *fmt, ...)
{
	int errnum = errno;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	put(err, cls, errnum, fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s",
	    strerror(errnum));
	errno = errnum;
	return -1;
}

int
(err_wrap)(struct err *err, const char *fmt, ...)
{
	char text[sizeof(err->text)], context[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	memcpy(text, err->text, sizeof(text));
	if (snprintf(err->text, sizeof(err->text), "%s: %s", context, text) < 0)
		memcpy(err->text, text, sizeof(text));
	return -1;
}

int
(err_nomem)(struct err *err)
{
	return err_set(err, ERR_OS, "out of memory");
}
