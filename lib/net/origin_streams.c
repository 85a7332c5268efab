#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/origin.h"

#define LIVE_US		10000000

/* What a stream or rendition may be called; needs no escaping in JSON. */
static bool
name_ok(const char *s)
{
	size_t i;

	if (!isalnum((unsigned char)s[0]))
		return false;
	for (i = 1; s[i] != '\0'; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    strchr("._-", s[i]) == NULL)
			return false;
	return true;
}

static DIR *
open_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir == NULL && fd != -1)
		close(fd);
	return dir;
}

/* When a live.m3u8 of the stream in DIR changed last; 0 if there is none. */
static int64_t
newest_live_us(DIR *dir)
{
	char path[sizeof(((struct dirent *)NULL)->d_name) + 16];
	int64_t newest = 0, us;
	struct dirent *d;
	struct stat st;

	while ((d = readdir(dir)) != NULL) {
		if (!name_ok(d->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/live.m3u8", d->d_name);
		if (fstatat(dirfd(dir), path, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		us = (int64_t)st.st_mtim.tv_sec * 1000000 +
		    st.st_mtim.tv_nsec / 1000;
		if (us > newest)
			newest = us;
	}
	return newest;
}

static void
put_stream(DIR *dir, const char *name, int64_t now_us, bool first,
    struct buf *b)
{
	int64_t changed_us = newest_live_us(dir), age_us = now_us - changed_us;

	if (age_us < 0)		/* a file server's clock may be ahead */
		age_us = 0;
	buf_printf(b, "%s{\"name\":\"%s\",\"url\":\"/%s/main.m3u8\",",
	    first ? "" : ",\n", name, name);
	if (changed_us == 0)
		buf_put_str(b, "\"live\":false,\"age_ms\":null}");
	else
		buf_printf(b, "\"live\":%s,\"age_ms\":%" PRId64 "}",
		    age_us < LIVE_US ? "true" : "false", age_us / 1000);
}

int
origin_streams(int www_fd, int64_t now_us, struct buf *b, struct err *err)
{
	DIR *www = open_dir(www_fd, "."), *dir;
	bool first = true;
	struct dirent *d;
	struct stat st;

	if (www == NULL)
		return err_sys(err, ERR_IO, "cannot read directory 'www'");
	buf_put_str(b, "[");
	while ((d = readdir(www)) != NULL) {
		if (!name_ok(d->d_name) ||
		    (dir = open_dir(www_fd, d->d_name)) == NULL)
			continue;
		if (fstatat(dirfd(dir), "main.m3u8", &st,
		    AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
			put_stream(dir, d->d_name, now_us, first, b);
			first = false;
		}
		closedir(dir);
	}
	closedir(www);
	buf_put_str(b, "]\n");
	return buf_ok(b, err);
}
