/*
 * plant - LD_PRELOAD: a decoder that was taken over
 *
 * When libavcodec is given the video packet of PTS PLANT_PTS, the deed named
 * by PLANT is done in its place, and decoding goes on if it can.
 *	reach	try files, sockets, processes; say on standard error what is let
 *		through
 *	exec	run a program
 *	crash	a null pointer
 *	hang	sleep for ever
 *	spin	compute for ever
 *	eat	take memory until there is none
 *	tell	say on standard error that the packet came
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>

typedef int (*real_send)(AVCodecContext *, const AVPacket *);

static real_send send_real;

__attribute__((constructor)) static void
find_real(void)
{
	send_real = (real_send)dlsym(RTLD_NEXT, "avcodec_send_packet");
}

static void
say(const char *what, int rc)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "plant: %s: %s\n", what,
	    rc == -1 ? strerrorname_np(errno) : "LET THROUGH");

	if (write(STDERR_FILENO, line, (size_t)n) == -1)
		abort();
}

static void
reach(void)
{
	say("open for reading", open("/etc/passwd", O_RDONLY));
	say("open the spool", open(getenv("LIVESPOOL_SPOOL"), O_RDONLY));
	say("open for writing", open("/tmp/plant", O_WRONLY | O_CREAT, 0600));
	say("unlink", unlink("/tmp/plant"));
	say("socket", socket(AF_INET, SOCK_STREAM, 0));
	say("local socket", socket(AF_UNIX, SOCK_STREAM, 0));
	say("fork", fork());
	say("kill", kill(getppid(), 0));
}

static void
spin(void)
{
	volatile int on = 1;

	while (on)
		;
}

static void
do_deed(const char *deed)
{
	char *const argv[] = { "true", NULL };
	volatile int *nowhere = NULL;

	if (strcmp(deed, "reach") == 0)
		reach();
	else if (strcmp(deed, "exec") == 0)
		execv("/bin/true", argv);
	else if (strcmp(deed, "crash") == 0)
		*nowhere = 1;
	else if (strcmp(deed, "spin") == 0)
		spin();
	else if (strcmp(deed, "tell") == 0)
		say("the packet came", 0);
	else if (strcmp(deed, "eat") == 0)
		while (malloc(1 << 20) != NULL)
			;
	while (strcmp(deed, "hang") == 0)
		sleep(1);
}

int
avcodec_send_packet(AVCodecContext *ctx, const AVPacket *packet)
{
	const char *deed = getenv("PLANT"), *pts = getenv("PLANT_PTS");

	if (deed != NULL && pts != NULL && packet != NULL &&
	    ctx->codec_type == AVMEDIA_TYPE_VIDEO &&
	    packet->pts == strtoll(pts, NULL, 10))
		do_deed(deed);
	return send_real(ctx, packet);
}
