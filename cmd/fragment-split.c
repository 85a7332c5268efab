/*
 * fragment-split - cut an FLV stream into fragments of about a second.
 *
 * stdin: FLV.  stdout: fragments, fragment(5), end to end, each as soon as its
 * end is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "media/split.h"

/* What Linux lets anybody have. */
#define PIPE_BYTES	(1024 * 1024)

enum { KEY_CUT = OPT_LONG, KEY_MAX_GAP, KEY_NO_WALLCLOCK };

static const struct opt_spec opts[] = {
	{ KEY_CUT, "cut", "MODE",
	  "exact: cut on time (default); keyframe: at keyframes only" },
	{ 'd', "duration", "TIME",
	  "of a fragment, 100ms to 10s (default: 1s)" },
	{ KEY_MAX_GAP, "max-gap", "TIME",
	  "a longer gap begins an epoch, 1s to 60s (default: 10s)" },
	{ KEY_NO_WALLCLOCK, "no-wallclock", NULL,
	  "record no arrival times: same input, same output" },
	OPT_END
};

static const struct opt_prog prog = {
	.name = "fragment-split",
	.synopsis = "[-d TIME] [--cut MODE] [--max-gap TIME] [--no-wallclock]",
	.summary = "Cut the FLV stream on standard input into fragments.",
	.opts = opts,
	.trailer = "Examples:\n"
	    "  fragment-split <show.flv | segment-store put --spool spool show\n"
	    "  rtmp-recv --once | fragment-split --cut keyframe >show.mp4\n",
};

static volatile sig_atomic_t stopping;

static void
on_term(int sig)
{
	(void)sig;
	stopping = 1;
}

static int
write_fragment(void *arg, struct iovec *iov, int count, struct err *err)
{
	(void)arg;
	return file_writev_all(STDOUT_FILENO, iov, count, err);
}

static void
tell(void *arg, const char *text)
{
	(void)arg;
	log_info("%s", text);
}

static int
parse_cut(const char *value, enum split_cut *cut, struct err *err)
{
	if (strcmp(value, "exact") == 0)
		*cut = SPLIT_CUT_EXACT;
	else if (strcmp(value, "keyframe") == 0)
		*cut = SPLIT_CUT_KEYFRAME;
	else
		return err_set(err, ERR_USAGE,
		    "--cut: bad value '%s': want exact or keyframe", value);
	return 0;
}

static int
parse_ms(const char *option, const char *value, int64_t min_ms,
    int64_t max_ms, int64_t *ms, struct err *err)
{
	int64_t us;

	if (opt_time_us(option, value, min_ms * 1000, max_ms * 1000, &us,
	    err) == -1)
		return -1;
	*ms = us / 1000;
	return 0;
}

/*
 * The first SIGINT or SIGTERM ends the input, the second the program.  They
 * come in while poll() waits, and at no other time.
 */
static int
set_signals(sigset_t *during_poll, struct err *err)
{
	struct sigaction sa = { .sa_handler = on_term,
	    .sa_flags = (int)SA_RESETHAND };
	sigset_t blocked;

	sigemptyset(&sa.sa_mask);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	if (sigaction(SIGINT, &sa, NULL) == -1 ||
	    sigaction(SIGTERM, &sa, NULL) == -1 ||
	    sigprocmask(SIG_BLOCK, &blocked, during_poll) == -1)
		return err_sys(err, ERR_OS, "cannot set signal handlers");
	return 0;
}

/*
 * A fragment leaves at once, but a pipe of 64 KiB takes it in nine pieces
 * and puts this process to sleep between them: that is how fast a recording
 * is.  A live stream gains nothing, and there may be thousands for the memory
 * that one user may have in pipes.
 */
static void
widen_output(void)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		(void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
}

/* Wait for input.  False when a signal came first. */
static bool
wait_input(const sigset_t *during_poll)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	while (!stopping)
		if (ppoll(&in, 1, NULL, during_poll) != -1 || errno != EINTR)
			return true;
	return false;
}

/* Everything from standard input to its end, or to a signal. */
static int
split_input(struct split *s, bool wallclock, struct err *err)
{
	sigset_t during_poll;
	uint8_t *to;
	size_t room;
	ssize_t n;

	if (set_signals(&during_poll, err) == -1)
		return -1;
	while (wait_input(&during_poll)) {
		if ((to = split_room(s, &room, err)) == NULL)
			return -1;
		n = file_read_some(STDIN_FILENO, to, room, err);
		if (n == -1)
			return err_wrap(err, "standard input");
		if (n == 0)
			break;
		if (split_feed(s, (size_t)n, wallclock ? clock_wall_us() : 0,
		    err) == -1)
			return -1;
	}
	sigprocmask(SIG_SETMASK, &during_poll, NULL);
	return 0;
}

static void
report(const struct split_stats *st)
{
	log_info("%llu fragments, %llu epochs; %llu pictures, %llu audio "
	    "frames", (unsigned long long)st->fragments,
	    (unsigned long long)st->epochs,
	    (unsigned long long)st->video_frames,
	    (unsigned long long)st->audio_frames);
	if (st->video_dropped > 0 || st->audio_dropped > 0)
		log_info("left out: %llu pictures without a keyframe, %llu "
		    "audio frames without a place",
		    (unsigned long long)st->video_dropped,
		    (unsigned long long)st->audio_dropped);
	if (st->ignored > 0)
		log_warning("%llu messages were not understood",
		    (unsigned long long)st->ignored);
}

static int
run(const struct split_conf *conf, bool wallclock, struct err *err)
{
	struct err late = ERR_INIT;
	struct split *s;
	int rc;

	if ((s = split_new(conf, err)) == NULL)
		return -1;
	widen_output();
	rc = split_input(s, wallclock, err);
	/* Bad input or no more of it: what is in hand is still good. */
	if ((rc == 0 || err->cls != ERR_IO) &&
	    split_finish(s, stopping ? SPLIT_END_STOPPED : SPLIT_END_INPUT,
	    rc == 0 ? err : &late) == -1)
		rc = -1;
	report(split_stats(s));
	split_free(s);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct split_conf conf = { .duration_ms = 1000, .max_gap_ms = 10000,
	    .cut = SPLIT_CUT_EXACT, .emit = write_fragment, .notice = tell };
	struct err err = ERR_INIT;
	struct opt_state os;
	bool wallclock = true;
	const char *arg;
	int c, rc = 0;

	opt_begin(&os, &prog);
	while (rc == 0 && (c = opt_next(&os, argc, argv, &arg, &err)) != 0) {
		switch (c) {
		case KEY_CUT:
			rc = parse_cut(arg, &conf.cut, &err);
			break;
		case 'd':
			rc = parse_ms("--duration", arg,
			    SPLIT_DURATION_MIN_MS, SPLIT_DURATION_MAX_MS,
			    &conf.duration_ms, &err);
			break;
		case KEY_MAX_GAP:
			rc = parse_ms("--max-gap", arg, SPLIT_MAX_GAP_MIN_MS,
			    SPLIT_MAX_GAP_MAX_MS, &conf.max_gap_ms, &err);
			break;
		case KEY_NO_WALLCLOCK:
			wallclock = false;
			break;
		default:
			rc = -1;
			break;
		}
	}
	if (rc == 0)
		rc = opt_operands(&os, argc, 0, 0, &err);
	if (rc == 0 && isatty(STDIN_FILENO))
		rc = err_set(&err, ERR_USAGE, "standard input is a terminal");
	if (rc == 0 && isatty(STDOUT_FILENO))
		rc = err_set(&err, ERR_USAGE, "standard output is a terminal");
	if (rc == -1)
		return opt_usage_error(&os, &err);
	if (run(&conf, wallclock, &err) == -1)
		return log_fatal(&err);
	return 0;
}
