#include "base/idle.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

#define NICEST	19

/* A kernel that has no autogroups divides by niceness alone. */
static void
idle_session(void)
{
	int fd;

	if (getsid(0) != getpid() ||
	    (fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC)) == -1)
		return;
	if (write(fd, "19", 2) != 2) {
		/* Once in a tenth of a second: niceness will have to do. */
	}
	close(fd);
}

int
idle_enter(struct err *err)
{
	if (setpriority(PRIO_PROCESS, 0, NICEST) == -1)
		return err_sys(err, ERR_OS, "cannot be nice");
	/* Disk schedulers without classes ignore it. */
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
	    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)) == -1)
		return err_sys(err, ERR_OS, "cannot make disk access idle");
	idle_session();
	return 0;
}
