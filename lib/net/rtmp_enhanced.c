#include "net/rtmp_enhanced.h"

#include "base/buf.h"
#include "net/amf0.h"
#include "net/rtmp.h"

#define CAN_FORWARD	4	/* FourCcInfoMask */

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const video[] = {
	"avc1", "hvc1", "vvc1", "av01", "vp09", "vp08"
};
static const char *const audio[] = {
	"mp4a", "Opus", "fLaC", "ac-3", "ec-3", ".mp3"
};

void
rtmp_enhanced_read(struct rtmp *c, const struct amf0_value *object)
{
	struct amf0_value v;

	c->enhanced = amf0_find(object, "fourCcList", &v) ||
	    amf0_find(object, "videoFourCcInfoMap", &v) ||
	    amf0_find(object, "audioFourCcInfoMap", &v);
	if (!amf0_find(object, "capsEx", &v))
		return;
	c->enhanced = true;
	if (v.type == AMF0_NUMBER && v.number >= 0 && v.number <= UINT32_MAX)
		c->caps_ex = (uint32_t)v.number;
}

static void
put_strings(struct buf *b, const char *const *list, size_t n)
{
	for (; n > 0; n--)
		amf0_put_string(b, *list++);
}

/* "*" is any codec; clients that do not know it look for theirs. */
static void
put_map(struct buf *b, const char *key, const char *const *list, size_t n)
{
	amf0_put_key(b, key);
	amf0_put_object(b);
	amf0_put_key(b, "*");
	amf0_put_number(b, CAN_FORWARD);
	for (; n > 0; n--) {
		amf0_put_key(b, *list++);
		amf0_put_number(b, CAN_FORWARD);
	}
	amf0_put_object_end(b);
}

void
rtmp_enhanced_put(struct buf *b)
{
	amf0_put_key(b, "fourCcList");
	amf0_put_list(b, COUNT(video) + COUNT(audio));
	put_strings(b, video, COUNT(video));
	put_strings(b, audio, COUNT(audio));
	put_map(b, "videoFourCcInfoMap", video, COUNT(video));
	put_map(b, "audioFourCcInfoMap", audio, COUNT(audio));
	amf0_put_key(b, "capsEx");
	amf0_put_number(b, RTMP_CAPS_RECONNECT | RTMP_CAPS_MULTITRACK |
	    RTMP_CAPS_MODEX | RTMP_CAPS_NANO_OFFSET);
}
