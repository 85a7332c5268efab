/*
 * amf3 - the one AMF3 value that may stand behind AMF0's marker 0x11.
 *
 * Scalars are read; arrays and objects are walked and skipped.  XML, byte
 * arrays, vectors, dictionaries and externalizable classes are refused.
 */
#ifndef NET_AMF3_H
#define NET_AMF3_H

struct amf0_value;
struct err;
struct rd;

/*
 * Read one value.  *BUDGET is the number of values that may still be read.
 * A string sent by reference, which the first of a message cannot be, and
 * whatever is no scalar come out as AMF0_OTHER.  0, or -1 with ERR_PROTO.
 */
int	amf3_read(struct rd *r, int depth, unsigned *budget,
	    struct amf0_value *v, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* NET_AMF3_H */
