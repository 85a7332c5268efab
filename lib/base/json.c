#include "base/json.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

/*
 * The bytes of the UTF-8 sequence at S (RFC 3629 section 4), 0 when it is
 * not one.  The NUL at the end stops every look ahead.
 */
static size_t
utf8_bytes(const uint8_t *s)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;	/* not the shortest form */
	else if (s[0] == 0xed)
		high = 0x9f;	/* surrogates */
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;	/* above U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void
json_put_string(struct buf *b, const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t n;

	buf_put_u8(b, '"');
	for (; *s != '\0'; s += n > 0 ? n : 1) {
		n = utf8_bytes(s);
		if (n == 0)
			buf_put_str(b, "\\ufffd");
		else if (*s < 0x20 || *s == 0x7f)
			buf_printf(b, "\\u%04x", (unsigned)*s);
		else if (*s == '"' || *s == '\\')
			buf_printf(b, "\\%c", *s);
		else
			buf_put(b, s, n);
	}
	buf_put_u8(b, '"');
}
