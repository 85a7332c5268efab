#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "tap.h"

int
main(void)
{
	struct err err = ERR_INIT;
	char longer[1000];

	ok(err_set(&err, ERR_DATA, "tag at byte %d", 7) == -1 &&
	    err.cls == ERR_DATA && err.errnum == 0 &&
	    strcmp(err.text, "tag at byte 7") == 0, "err_set");
	ok(err_wrap(&err, "stream '%s'", "cam") == -1 && err.cls == ERR_DATA &&
	    strcmp(err.text, "stream 'cam': tag at byte 7") == 0,
	    "err_wrap puts context in front and keeps the class");
	errno = ENOSPC;
	ok(err_sys(&err, ERR_IO, "cannot write") == -1 && errno == ENOSPC &&
	    err.errnum == ENOSPC && strcmp(err.text,
	    "cannot write: No space left on device") == 0, "err_sys");
	ok(err_nomem(&err) == -1 && err.cls == ERR_OS, "err_nomem");

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&err, ERR_DATA, "%s", longer);
	ok(strlen(err.text) == sizeof(err.text) - 1, "a long text is cut");
	errno = EIO;
	err_sys(&err, ERR_IO, "%s", longer);
	ok(strlen(err.text) == sizeof(err.text) - 1,
	    "and has no room for errno's");
	err_wrap(&err, "context");
	ok(strncmp(err.text, "context: xxx", 12) == 0 &&
	    strlen(err.text) == sizeof(err.text) - 1, "nor after wrapping");
	return done_testing();
}
