/*
 * rtmp_enhanced - what client and server tell each other about Enhanced RTMP
 * in connect ("Enhancing NetConnection connect Command", v2); internal to
 * rtmp.
 */
#ifndef NET_RTMP_ENHANCED_H
#define NET_RTMP_ENHANCED_H

struct amf0_value;
struct buf;
struct rtmp;

/* Note what the client says of itself in connect's OBJECT. */
void	rtmp_enhanced_read(struct rtmp *c, const struct amf0_value *object);

/*
 * The server's part, as members of an object: any codec is forwarded, as is
 * all that may be around it.
 */
void	rtmp_enhanced_put(struct buf *b);

#endif /* NET_RTMP_ENHANCED_H */
