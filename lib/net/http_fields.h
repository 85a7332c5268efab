/*
 * http_fields - which header fields a request for a file may have.
 *
 * Two servers in a row that read one request differently can be made to take
 * the end of one for another's beginning.  Nothing that a viewer sends needs
 * the forms this is done with: RFC 9112 sections 5.1, 6.3 and 11.2.
 */
#ifndef NET_HTTP_FIELDS_H
#define NET_HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

/* What was seen of one request.  All zero: nothing. */
struct http_fields {
	bool	host, length;
	const char *bad;	/* why the request is refused; NULL: it is not */
};

/* Look at one field.  Its value may have any bytes. */
void	http_fields_add(struct http_fields *f, const char *name,
	    size_t name_bytes, const char *value, size_t value_bytes);

/* True if the Accept-Encoding VALUE (NULL: none) lets a body be gzip. */
bool	http_accepts_gzip(const char *value);

#endif /* NET_HTTP_FIELDS_H */
