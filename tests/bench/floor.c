/*
 * floor HANDLER - the least that receiving into handlers can cost.
 *
 * Prints its port.  Each connection gets a HANDLER and a pipe; what one recv
 * brings goes there in one write.  No protocol: rtmp-load -r talks to it.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FDS	65536
#define PIPE_BYTES	(1024 * 1024)

extern char	**environ;
static int	  pipe_of[MAX_FDS];
static char	  buf[128 * 1024];

static void
serve(int fd, int epoll_fd, char *argv[])
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int ends[2];

	if (fd == -1 || fd >= MAX_FDS || pipe2(ends, O_CLOEXEC) == -1)
		err(1, "accept");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		errx(1, "%s", argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);	/* if it may be */
	pipe_of[fd] = ends[1];
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event events[256], ev = { .events = EPOLLIN };
	socklen_t len = sizeof(a);
	struct rlimit nofile;
	ssize_t n;
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), i, got, listen_fd;

	if (argc < 2)
		errx(64, "usage: floor HANDLER");
	signal(SIGCHLD, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &nofile);
	nofile.rlim_cur = nofile.rlim_max;
	setrlimit(RLIMIT_NOFILE, &nofile);
	listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listen_fd == -1 ||
	    bind(listen_fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(listen_fd, 1024) == -1 ||
	    getsockname(listen_fd, (struct sockaddr *)&a, &len) == -1)
		err(1, "listen");
	ev.data.fd = listen_fd;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &ev);
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	for (;;) {
		got = epoll_wait(epoll_fd, events, 256, -1);
		for (i = 0; i < got; i++) {
			int fd = events[i].data.fd;

			if (fd == listen_fd) {
				serve(accept4(fd, NULL, NULL, SOCK_CLOEXEC |
				    SOCK_NONBLOCK), epoll_fd, argv + 1);
				continue;
			}
			n = recv(fd, buf, sizeof(buf), 0);
			if (n <= 0 || write(pipe_of[fd], buf, (size_t)n) != n) {
				close(pipe_of[fd]);
				close(fd);
			}
		}
	}
}
