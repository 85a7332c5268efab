#include "net/handover.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/listen.h"

#define MAGIC		"livespool-handover 1"
#define MAX_FDS		(LIMIT_RECV_LISTENERS + 1)
#define TEXT_BYTES	256
#define PATIENCE_US	5000000		/* with a server that says nothing */
#define RETRY_NS	50000000

/* One descriptor and more. */
union fds {
	struct cmsghdr	align;
	char		bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

static int
address(const char *path, struct sockaddr_un *a, struct err *err)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(a->sun_path))
		return err_set(err, ERR_USAGE,
		    "'%s' is too long for a socket: at most %zu bytes", path,
		    sizeof(a->sun_path) - 1);
	snprintf(a->sun_path, sizeof(a->sun_path), "%s", path);
	return 0;
}

/* The other end runs for the same user, or for root. */
static bool
is_ours(int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0 &&
	    (cred.uid == 0 || cred.uid == geteuid());
}

static bool
say(int fd, const char *word)
{
	return send(fd, word, strlen(word), MSG_NOSIGNAL) ==
	    (ssize_t)strlen(word);
}

/* 1; 0: nobody is there; -1 */
static int
connect_to(const char *path, int *fd, struct err *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE_US / 1000000 };
	struct sockaddr_un a;
	bool nobody;

	if (address(path, &a, err) == -1)
		return -1;
	*fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (*fd == -1)
		return err_sys(err, ERR_OS, "cannot make a socket");
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience)) == 0 &&
	    setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience)) == 0 &&
	    connect(*fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
		if (is_ours(*fd))
			return 1;
		close(*fd);
		return err_set(err, ERR_PERM,
		    "the server at '%s' is somebody else's", path);
	}
	nobody = errno == ENOENT || errno == ECONNREFUSED;
	if (!nobody)
		err_sys(err, errno == EACCES ? ERR_PERM : errno == EAGAIN ?
		    ERR_AGAIN : ERR_OS, "cannot ask the server at '%s'", path);
	close(*fd);
	return nobody ? 0 : -1;
}

/* The N descriptors in FDS are what TEXT, behind the magic, names. */
static int
take_all(const char *text, const int *fds, size_t n, int *control,
    struct listeners *l, struct err *err)
{
	size_t i, len;

	for (i = 0; i < n; i++) {
		if (*text++ != ' ')
			break;
		len = strcspn(text, " ");
		if (i == 0 && strncmp(text, "control", len) == 0)
			*control = fds[0];
		else if (i == 0)
			break;
		else if (listeners_take(l, fds[i], text, len, err) == -1)
			return -1;
		text += len;
	}
	if (i < n || n < 2 || *text != '\0')
		return err_set(err, ERR_PROTO,
		    "the server hands over something unknown");
	return 0;
}

/* Into FDS, of MAX_FDS; their number. */
static size_t
descriptors(struct msghdr *m, int *fds)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	size_t n;

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return n;
}

/* 1; 0: it closed the connection; -1 */
static int
receive(int from, int *control, struct listeners *l, struct err *err)
{
	char text[TEXT_BYTES];
	int fds[MAX_FDS];
	union fds space;
	struct iovec part = { text, sizeof(text) - 1 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = space.bytes, .msg_controllen = sizeof(space) };
	ssize_t got = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
	size_t n, i;

	if (got == 0 || (got == -1 && errno == ECONNRESET))
		return 0;
	if (got == -1)
		return err_sys(err, ERR_AGAIN, "the server does not answer");
	text[got] = '\0';
	n = descriptors(&m, fds);
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
	    strncmp(text, MAGIC, strlen(MAGIC)) != 0)
		err_set(err, ERR_PROTO,
		    "the server speaks another version of this");
	else if (take_all(text + strlen(MAGIC), fds, n, control, l, err) == 0)
		return 1;
	for (i = 0; i < n; i++)
		close(fds[i]);
	l->n = 0;
	return -1;
}

/*
 * A server that closes the connection is dying, or busy with another
 * newcomer: soon it can be told which.
 */
int
handover_ask(const char *path, int *from, int *control, struct listeners *l,
    struct err *err)
{
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	int64_t end_us = clock_mono_us() + PATIENCE_US;
	int rc;

	for (;;) {
		if ((rc = connect_to(path, from, err)) <= 0)
			return rc;
		if ((rc = receive(*from, control, l, err)) == 1)
			return 1;
		close(*from);
		if (rc == -1)
			return err_wrap(err, "'%s'", path);
		if (clock_mono_us() > end_us)
			return err_set(err, ERR_AGAIN,
			    "the server at '%s' hands nothing over", path);
		nanosleep(&pause, NULL);
	}
}

int
handover_confirm(int from, struct err *err)
{
	char word[8];
	ssize_t n = -1;
	bool dead;

	dead = !say(from, "ready") && errno != EAGAIN;
	if (!dead) {
		n = recv(from, word, sizeof(word), 0);
		dead = n == 0 || (n == -1 && errno == ECONNRESET);
	}
	close(from);
	if (dead || (n == 5 && memcmp(word, "yours", 5) == 0))
		return 0;
	return err_set(err, ERR_AGAIN, "the server keeps its sockets");
}

static bool
is_socket(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

int
handover_open(const char *path, int *control, struct err *err)
{
	struct sockaddr_un a;
	mode_t mask;
	int rc;

	if (address(path, &a, err) == -1)
		return -1;
	*control = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (*control == -1)
		return err_sys(err, ERR_OS, "cannot make a socket");
	/* Nobody answered there before: it is left over. */
	if (is_socket(path))
		unlink(path);
	mask = umask(S_IXUSR | S_IRWXG | S_IRWXO);
	rc = bind(*control, (struct sockaddr *)&a, sizeof(a));
	umask(mask);
	if (rc == 0)
		rc = listen(*control, 4);
	if (rc == 0)
		return 0;
	err_sys(err, ERR_CREATE, "cannot make the socket '%s'", path);
	close(*control);
	return -1;
}

int
handover_give(int control, const struct listeners *l)
{
	char text[TEXT_BYTES] = MAGIC " control";
	union fds space = { .bytes = { 0 } };
	struct iovec part = { text, strlen(text) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = space.bytes,
	    .msg_controllen = CMSG_SPACE((l->n + 1) * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int to, fds[MAX_FDS] = { control };
	size_t i;

	to = accept4(control, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (to == -1)
		return -1;
	for (i = 0; i < l->n; i++) {
		fds[i + 1] = l->v[i].fd;
		part.iov_len += (size_t)snprintf(text + part.iov_len,
		    sizeof(text) - part.iov_len, " %s",
		    l->v[i].tls ? "rtmps" : "rtmp");
	}
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN((l->n + 1) * sizeof(int));
	memcpy(CMSG_DATA(c), fds, (l->n + 1) * sizeof(int));
	if (is_ours(to) && sendmsg(to, &m, MSG_NOSIGNAL) != -1)
		return to;
	close(to);
	return -1;
}

enum handover_word
handover_hear(int to)
{
	char word[8];
	ssize_t n = recv(to, word, sizeof(word), 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return HANDOVER_NOTHING;
	if (n != 5 || memcmp(word, "ready", 5) != 0)
		return HANDOVER_GONE;
	return say(to, "yours") ? HANDOVER_READY : HANDOVER_GONE;
}
