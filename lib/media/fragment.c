#include "media/fragment.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/rd.h"
#include "media/mp4.h"

/* The box's extended type: drawn once at random, never to change. */
static const uint8_t usertype[16] = {
	0xbf, 0x46, 0x5e, 0x88, 0x95, 0x12, 0x8b, 0xe5,
	0x03, 0xe7, 0xdf, 0x45, 0xff, 0x4b, 0xae, 0x28
};

/* The uuid box: header, usertype, version and flags, then the fields. */
#define INFO_BYTES	72
#define INFO_EPOCH_AT	32
#define INFO_SEQ_AT	36

#define MFHD_SEQ_AT	12

/* Times that can be added and subtracted without a thought. */
#define TIME_MAX	(INT64_C(1) << 62)

/* A fragment has five or six boxes; more in front of mdat is no fragment. */
#define BOXES_MAX	16

#define TYPE_FTYP	MP4_TYPE('f', 't', 'y', 'p')
#define TYPE_STYP	MP4_TYPE('s', 't', 'y', 'p')
#define TYPE_UUID	MP4_TYPE('u', 'u', 'i', 'd')
#define TYPE_MOOF	MP4_TYPE('m', 'o', 'o', 'f')
#define TYPE_MFHD	MP4_TYPE('m', 'f', 'h', 'd')
#define TYPE_MDAT	MP4_TYPE('m', 'd', 'a', 't')

void
fragment_put_info(struct buf *b, const struct fragment_info *info)
{
	buf_put_u32(b, INFO_BYTES);
	buf_put_str(b, "uuid");
	buf_put(b, usertype, sizeof(usertype));
	buf_put_u32(b, 0);		/* version 0, no flags */
	buf_put_u32(b, info->flags);
	buf_put_u32(b, info->epoch);
	buf_put_u32(b, info->seq);
	buf_put_u32(b, info->back);
	buf_put_u32(b, info->timescale);
	buf_put_u64(b, (uint64_t)info->start);
	buf_put_u64(b, (uint64_t)info->end);
	buf_put_u64(b, (uint64_t)info->arrival_us);
}

/* The offset of the uuid box, which is the second one. */
static int
find_info(const uint8_t *p, size_t n, size_t *at, struct err *err)
{
	uint64_t bytes;
	uint32_t type;
	int rc;

	rc = mp4_box(p, n, &bytes, &type, err);
	if (rc == -1)
		return -1;
	if (rc == 0 || (type != TYPE_FTYP && type != TYPE_STYP))
		return err_set(err, ERR_DATA,
		    "no fragment: begins with neither ftyp nor styp");
	if (n < INFO_BYTES || bytes > n - INFO_BYTES)
		return err_set(err, ERR_DATA,
		    "no fragment: too short for the uuid box");
	*at = (size_t)bytes;
	p += bytes;
	rc = mp4_box(p, n - (size_t)bytes, &bytes, &type, err);
	if (rc == -1)
		return -1;
	if (type != TYPE_UUID || bytes != INFO_BYTES ||
	    memcmp(p + 8, usertype, sizeof(usertype)) != 0)
		return err_set(err, ERR_DATA,
		    "no fragment: no uuid box of ours at byte %zu", *at);
	return 0;
}

static int
check_info(const struct fragment_info *info, struct err *err)
{
	if (info->timescale == 0)
		return err_set(err, ERR_DATA, "fragment: timescale 0");
	if (info->start < 0 || info->end < info->start ||
	    info->end > TIME_MAX)
		return err_set(err, ERR_DATA, "fragment: bad interval [%"
		    PRId64 ", %" PRId64 ")", info->start, info->end);
	if (info->arrival_us < 0 || info->arrival_us > TIME_MAX)
		return err_set(err, ERR_DATA, "fragment: bad arrival time %"
		    PRId64, info->arrival_us);
	return 0;
}

int
fragment_get_info(const uint8_t *head, size_t n, struct fragment_info *info,
    struct err *err)
{
	struct rd r;
	size_t at;
	uint8_t version;

	if (find_info(head, n, &at, err) == -1)
		return -1;
	rd_init(&r, head + at, INFO_BYTES, at);
	rd_bytes(&r, 8 + sizeof(usertype));
	version = rd_u8(&r);
	if (version != 0)
		return err_set(err, ERR_DATA, "fragment: unknown version %d",
		    version);
	rd_u24(&r);
	info->flags = rd_u32(&r);
	info->epoch = rd_u32(&r);
	info->seq = rd_u32(&r);
	info->back = rd_u32(&r);
	info->timescale = rd_u32(&r);
	info->start = (int64_t)rd_u64(&r);
	info->end = (int64_t)rd_u64(&r);
	info->arrival_us = (int64_t)rd_u64(&r);
	return check_info(info, err);
}

static void
set_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* Where the moof of the N bytes at P begins, whole; -1 with ERR_DATA. */
static int
find_moof(const uint8_t *p, size_t n, size_t *at, struct err *err)
{
	uint64_t bytes;
	uint32_t type;
	int rc;

	*at = 0;
	for (int i = 0; i < BOXES_MAX; i++) {
		rc = mp4_box(p + *at, n - *at, &bytes, &type, err);
		if (rc == -1)
			return -1;
		if (rc == 0 || bytes > n - *at)
			break;
		if (type == TYPE_MOOF)
			return 0;
		*at += (size_t)bytes;
	}
	return err_set(err, ERR_DATA, "fragment: no moof");
}

int
fragment_stamp(uint8_t *p, size_t n, uint32_t epoch, uint32_t seq,
    struct err *err)
{
	size_t info_at, moof_at, mfhd_at;
	uint64_t bytes;
	uint32_t type;

	if (find_info(p, n, &info_at, err) == -1 ||
	    find_moof(p, n, &moof_at, err) == -1)
		return -1;
	mfhd_at = moof_at + 8;		/* always its first child */
	if (mp4_box(p + mfhd_at, n - mfhd_at, &bytes, &type, err) != 1 ||
	    type != TYPE_MFHD || bytes != 16 || bytes > n - mfhd_at)
		return err_set(err, ERR_DATA,
		    "fragment: moof at byte %zu: no mfhd", moof_at);
	set_u32(p + info_at + INFO_EPOCH_AT, epoch);
	set_u32(p + info_at + INFO_SEQ_AT, seq);
	set_u32(p + mfhd_at + MFHD_SEQ_AT, seq);
	return 0;
}

/* ftyp first and once, our box second, moof in front of mdat. */
static int
check_order(int i, uint32_t type, bool have_moof, struct err *err)
{
	if ((i == 0) != (type == TYPE_FTYP))
		return err_set(err, ERR_DATA, i == 0 ?
		    "no fragment: does not begin with ftyp" :
		    "fragment: a second ftyp before mdat");
	if (i == 1 && type != TYPE_UUID)
		return err_set(err, ERR_DATA,
		    "no fragment: the second box is not ours");
	if (type == TYPE_MDAT && !have_moof)
		return err_set(err, ERR_DATA, "fragment: mdat before moof");
	return 0;
}

int
fragment_length(const uint8_t *p, size_t n, size_t *bytes, struct err *err)
{
	uint64_t at = 0, size;
	bool have_moof = false;
	uint32_t type;
	int rc;

	for (int i = 0; i < BOXES_MAX; i++) {
		if (at >= n)
			return 0;
		rc = mp4_box(p + at, n - (size_t)at, &size, &type, err);
		if (rc == -1)
			return err_wrap(err, "fragment: box at byte %" PRIu64,
			    at);
		if (rc == 0)
			return 0;
		if (check_order(i, type, have_moof, err) == -1)
			return -1;
		if (size > LIMIT_FRAGMENT_BYTES - at)
			return err_set(err, ERR_DATA,
			    "fragment: more than %d bytes",
			    LIMIT_FRAGMENT_BYTES);
		at += size;
		if (type == TYPE_MOOF)
			have_moof = true;
		if (type != TYPE_MDAT)
			continue;
		if (at > n)
			return 0;
		*bytes = (size_t)at;
		return 1;
	}
	return err_set(err, ERR_DATA, "fragment: no mdat after %d boxes",
	    BOXES_MAX);
}

int64_t
fragment_us(int64_t t, uint32_t timescale)
{
	int64_t seconds, rest, us;

	if (timescale == 0)
		return 0;
	seconds = t / timescale;
	rest = t % timescale;
	if (rest < 0) {			/* C rounds to zero: we round down */
		seconds--;
		rest += timescale;
	}
	if (__builtin_mul_overflow(seconds, INT64_C(1000000), &us))
		return t < 0 ? INT64_MIN : INT64_MAX;
	rest = rest * 1000000 / timescale;
	return us > INT64_MAX - rest ? INT64_MAX : us + rest;
}
