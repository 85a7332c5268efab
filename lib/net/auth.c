#include "net/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/starter.h"

int
auth_check(const char *program, struct err *err)
{
	if (strchr(program, '/') != NULL && access(program, X_OK) == -1)
		return err_sys(err, ERR_UNAVAILABLE, "cannot run '%s'",
		    program);
	return 0;
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

int
auth_question(const struct auth_facts *facts, struct buf *b, struct err *err)
{
	if (has_control(facts->app) || has_control(facts->name) ||
	    has_control(facts->query))
		return err_set(err, ERR_DATA, "control bytes in the name");
	buf_printf(b, "app=%s\nname=%s\nquery=%s\nip=%s\nport=%s\n",
	    facts->app, facts->name, facts->query, facts->ip, facts->port);
	return buf_ok(b, err);
}

int
auth_start(struct starter *s, size_t which, const struct buf *question,
    struct auth_process *p, struct err *err)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) == -1)
		return err_sys(err, ERR_OS, "cannot make a pipe");
	if (pipe2(out, O_CLOEXEC) == -1) {
		err_sys(err, ERR_OS, "cannot make a pipe");
		close(in[0]);
		close(in[1]);
		return -1;
	}
	*p = (struct auth_process){ .fd = out[0] };
	/* Less than a pipe takes at once, even the smallest. */
	if (write(in[1], question->p, question->n) != (ssize_t)question->n ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) == -1)
		err_sys(err, ERR_OS, "cannot set up a pipe");
	else
		p->run = starter_start(s, which, NULL,
		    (const int[]){ in[0], out[1] }, 2, err);
	close(in[0]);
	close(in[1]);
	close(out[1]);
	if (p->run != 0)
		return 0;
	close(out[0]);
	return -1;
}

void
auth_kill(struct starter *s, const struct auth_process *p)
{
	starter_kill(s, p->run, SIGKILL);
}

enum auth_answer
auth_end(struct auth_process *p, const struct starter_event *ev,
    char text[AUTH_TEXT_BYTES])
{
	ssize_t n = read(p->fd, text, AUTH_TEXT_BYTES - 1);

	close(p->fd);
	p->run = 0;
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (ev->what == STARTER_FAILED) {
		snprintf(text, AUTH_TEXT_BYTES, "cannot run it: %s",
		    strerror(ev->value));
		return AUTH_BROKEN;
	}
	if (WIFSIGNALED(ev->value)) {
		snprintf(text, AUTH_TEXT_BYTES, "the program was killed by "
		    "signal %d", WTERMSIG(ev->value));
		return AUTH_BROKEN;
	}
	if (WEXITSTATUS(ev->value) != 0) {
		if (text[0] == '\0')
			snprintf(text, AUTH_TEXT_BYTES, "status %d",
			    WEXITSTATUS(ev->value));
		return AUTH_NO;
	}
	if (name_ok(text))
		return AUTH_YES;
	snprintf(text, AUTH_TEXT_BYTES, "the program's answer is no name");
	return AUTH_BROKEN;
}
