/*
 * rtmp_command - the commands of an RTMP publisher; internal to rtmp.
 */
#ifndef NET_RTMP_COMMAND_H
#define NET_RTMP_COMMAND_H

struct buf;
struct err;
struct rtmp;
struct rtmp_event;
struct rtmp_message;

/*
 * Obey one command message (types 17 and 20).
 * 1: *EV is filled.  0: done.  -1: ERR_PROTO.
 */
int	rtmp_command(struct rtmp *c, const struct rtmp_message *m,
	    struct buf *out, struct rtmp_event *ev, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* NET_RTMP_COMMAND_H */
