/*
 * idle - work that only takes what nothing else wants.
 */
#ifndef BASE_IDLE_H
#define BASE_IDLE_H

struct err;

/*
 * From now on this process, and its children, come last for the processor and
 * the disk; with it its session, if it leads one: Linux divides the processor
 * between sessions first, sched(7).  0 or -1 with ERR_OS.
 */
int	idle_enter(struct err *err) __attribute__((warn_unused_result));

#endif /* BASE_IDLE_H */
