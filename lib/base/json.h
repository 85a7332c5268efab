/*
 * json - the one hard part of printing JSON (RFC 8259): strings.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

struct buf;

/*
 * Append S as a JSON string, quotes included.  A byte that is not part of
 * valid UTF-8 becomes U+FFFD.
 */
void	json_put_string(struct buf *b, const char *s);

#endif /* BASE_JSON_H */
