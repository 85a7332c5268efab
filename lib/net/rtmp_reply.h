/*
 * rtmp_reply - the command messages that the server sends; internal to rtmp.
 *
 * All in AMF0, with timestamp 0 and in one chunk.  When OUT is full or memory
 * is out, OUT is bad.
 */
#ifndef NET_RTMP_REPLY_H
#define NET_RTMP_REPLY_H

#include <stdint.h>

struct buf;
struct rtmp;

/* "_result" with null and undefined: done, and nothing to say. */
void	rtmp_reply_done(struct rtmp *c, double txn, struct buf *out);

/* "_result" with null and NUMBER. */
void	rtmp_reply_number(struct rtmp *c, double txn, double number,
	    struct buf *out);

/* Window, bandwidth, chunk size, and the "_result" of connect. */
void	rtmp_reply_connected(struct rtmp *c, double txn, struct buf *out);

/* The "_error" of connect: NetConnection.Connect.Rejected. */
void	rtmp_reply_rejected(struct rtmp *c, double txn,
	    const char *description, struct buf *out);

/* "onStatus" of LEVEL "status" or "error" on the stream MSID. */
void	rtmp_reply_status(struct rtmp *c, uint32_t msid, const char *level,
	    const char *code, const char *description, struct buf *out);

#endif /* NET_RTMP_REPLY_H */
