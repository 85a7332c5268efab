/*
 * amf3 - the one AMF3 value that may stand behind AMF0's marker 0x11.
 *
 * Scalars are read, and the members of the object or array that the value is;
 * what is inside those is walked and skipped.  XML, byte arrays, vectors,
 * dictionaries and externalizable classes are refused.
 */
#ifndef NET_AMF3_H
#define NET_AMF3_H

#include <stdbool.h>

#include "base/rd.h"

struct amf0_value;
struct err;

/*
 * Read one value.  *BUDGET is the number of values that may still be read.
 * An object, or an array with named members, is an AMF0_OBJECT whose members
 * are for amf3_find() alone; dates and lists are AMF0_OTHER, and so are
 * objects inside others.  0, or -1 with ERR_PROTO.
 */
int	amf3_read(struct rd *r, int depth, unsigned *budget,
	    struct amf0_value *v, struct err *err)
	    __attribute__((warn_unused_result));

/* The member KEY of the value that VALUE holds, which amf3_read() has read. */
bool	amf3_find(struct rd value, const char *key, struct amf0_value *v);

#endif /* NET_AMF3_H */
