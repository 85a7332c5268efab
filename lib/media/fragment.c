#include "media/fragment.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h>	/* XXH3 with what the processor has */
#endif

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
#define INFO_VERSION	3
#define INFO_VERSION_XXH64	2	/* what its sum is; else the same */
#define INFO_BYTES	112
#define INFO_VERSION_AT	24
#define INFO_EPOCH_AT	32
#define INFO_SEQ_AT	36
#define INFO_DATE_AT	72
#define INFO_NAME_AT	80
#define INFO_FILE_AT	88
#define INFO_SUM_AT	96
#define INFO_CHECK_AT	104

#define MFHD_BYTES	16
#define MFHD_SEQ_AT	12
#define SEQ_BYTES	4

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

static void
set_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void
set_u64(uint8_t *p, uint64_t v)
{
	set_u32(p, (uint32_t)(v >> 32));
	set_u32(p + 4, (uint32_t)v);
}

static uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static uint64_t
get_u64(const uint8_t *p)
{
	return (uint64_t)get_u32(p) << 32 | get_u32(p + 4);
}

uint64_t
fragment_name(const char *stream, const char *rendition)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "%s/%s", stream, rendition);

	assert(n > 0 && (size_t)n < sizeof(text));
	return XXH64(text, (size_t)n, 0);
}

/* The last field of the box at P covers those in front of it. */
static void
seal_box(uint8_t *p)
{
	set_u64(p + INFO_CHECK_AT, XXH64(p, INFO_CHECK_AT, 0));
}

void
fragment_put_info(struct buf *b, const struct fragment_info *info)
{
	size_t at = b->n;

	buf_put_u32(b, INFO_BYTES);
	buf_put_str(b, "uuid");
	buf_put(b, usertype, sizeof(usertype));
	buf_put_u32(b, INFO_VERSION << 24);
	buf_put_u32(b, info->flags);
	buf_put_u32(b, info->epoch);
	buf_put_u32(b, info->seq);
	buf_put_u32(b, info->back);
	buf_put_u32(b, info->timescale);
	buf_put_u64(b, (uint64_t)info->start);
	buf_put_u64(b, (uint64_t)info->end);
	buf_put_u64(b, (uint64_t)info->arrival_us);
	buf_put_u64(b, (uint64_t)info->date_us);
	buf_put_u64(b, info->name);
	buf_put_u64(b, 0);		/* size, checksum: fragment_seal() */
	buf_put_u64(b, 0);
	buf_put_u64(b, 0);
	if (!b->bad)
		seal_box(b->p + at);
}

/* The box at P, BYTES long, of TYPE: is it ours, of a version we know? */
static int
check_box(const uint8_t *p, uint64_t bytes, uint32_t type, size_t at,
    struct err *err)
{
	if (type != TYPE_UUID || bytes <= INFO_VERSION_AT ||
	    memcmp(p + 8, usertype, sizeof(usertype)) != 0)
		return err_set(err, ERR_DATA,
		    "no fragment: no uuid box of ours at byte %zu", at);
	if ((p[INFO_VERSION_AT] != INFO_VERSION &&
	    p[INFO_VERSION_AT] != INFO_VERSION_XXH64) || bytes != INFO_BYTES)
		return err_set(err, ERR_DATA,
		    "fragment: info box of version %d, %" PRIu64 " bytes: "
		    "want version %d or %d, %d bytes", p[INFO_VERSION_AT],
		    bytes, INFO_VERSION_XXH64, INFO_VERSION, INFO_BYTES);
	return 0;
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
	return check_box(p, bytes, type, *at, err);
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
	if (info->arrival_us < 0 || info->arrival_us > FRAGMENT_WALL_US_MAX)
		return err_set(err, ERR_DATA, "fragment: bad arrival time %"
		    PRId64, info->arrival_us);
	if (info->date_us < 0 || info->date_us > FRAGMENT_WALL_US_MAX)
		return err_set(err, ERR_DATA, "fragment: bad date %" PRId64,
		    info->date_us);
	return 0;
}

int
fragment_get_info(const uint8_t *head, size_t n, struct fragment_info *info,
    struct err *err)
{
	struct rd r;
	size_t at;

	if (find_info(head, n, &at, err) == -1)
		return -1;
	if (XXH64(head + at, INFO_CHECK_AT, 0) !=
	    get_u64(head + at + INFO_CHECK_AT))
		return err_set(err, ERR_DATA,
		    "damaged: wrong checksum of the info box");
	rd_init(&r, head + at, INFO_BYTES, at);
	rd_bytes(&r, INFO_VERSION_AT + 4);
	info->flags = rd_u32(&r);
	info->epoch = rd_u32(&r);
	info->seq = rd_u32(&r);
	info->back = rd_u32(&r);
	info->timescale = rd_u32(&r);
	info->start = (int64_t)rd_u64(&r);
	info->end = (int64_t)rd_u64(&r);
	info->arrival_us = (int64_t)rd_u64(&r);
	info->date_us = (int64_t)rd_u64(&r);
	info->name = rd_u64(&r);
	info->bytes = rd_u64(&r);
	return check_info(info, err);
}

/*
 * Where the number in the mfhd of the N bytes at P is: 1, 0 when there is no
 * moof, or -1 with ERR_DATA.
 */
static int
find_seq(const uint8_t *p, size_t n, size_t *at, struct err *err)
{
	size_t moof_at = 0;
	uint64_t bytes;
	uint32_t type;
	int rc;

	for (int i = 0; i < BOXES_MAX; i++) {
		rc = mp4_box(p + moof_at, n - moof_at, &bytes, &type, err);
		if (rc == -1)
			return -1;
		if (rc == 0 || bytes > n - moof_at)
			return 0;
		if (type == TYPE_MOOF)
			break;
		moof_at += (size_t)bytes;
		if (i == BOXES_MAX - 1)
			return 0;
	}
	*at = moof_at + 8;		/* mfhd is its first child */
	if (mp4_box(p + *at, n - *at, &bytes, &type, err) != 1 ||
	    type != TYPE_MFHD || bytes != MFHD_BYTES || bytes > n - *at)
		return err_set(err, ERR_DATA,
		    "fragment: moof at byte %zu: no mfhd", moof_at);
	*at += MFHD_SEQ_AT;
	return 1;
}

/* The checksum of a file on its way: one of the two. */
struct sum {
	XXH3_state_t	*xxh3;
	XXH64_state_t	*xxh64;
};

static int
sum_begin(struct sum *sum, uint8_t version, struct err *err)
{
	*sum = (struct sum){ NULL, NULL };
	if (version == INFO_VERSION_XXH64 &&
	    (sum->xxh64 = XXH64_createState()) != NULL)
		XXH64_reset(sum->xxh64, 0);
	else if (version != INFO_VERSION_XXH64 &&
	    (sum->xxh3 = XXH3_createState()) != NULL)
		XXH3_64bits_reset(sum->xxh3);
	else
		return err_nomem(err);
	return 0;
}

static void
sum_add(struct sum *sum, const void *p, size_t n)
{
	if (sum->xxh3 != NULL)
		XXH3_64bits_update(sum->xxh3, p, n);
	else
		XXH64_update(sum->xxh64, p, n);
}

static uint64_t
sum_end(struct sum *sum)
{
	const uint64_t value = sum->xxh3 != NULL ?
	    XXH3_64bits_digest(sum->xxh3) : XXH64_digest(sum->xxh64);

	XXH3_freeState(sum->xxh3);
	XXH64_freeState(sum->xxh64);
	return value;
}

/* The checksum of all but the info box and the number in mfhd, if any. */
static int
sum_of(const struct iovec *iov, int count, size_t info_at, size_t seq_at,
    uint64_t *value, struct err *err)
{
	const uint8_t *p = iov[0].iov_base;
	size_t from = info_at + INFO_BYTES;
	struct sum sum;

	if (sum_begin(&sum, p[info_at + INFO_VERSION_AT], err) == -1)
		return -1;
	sum_add(&sum, p, info_at);
	if (seq_at != 0) {
		sum_add(&sum, p + from, seq_at - from);
		from = seq_at + SEQ_BYTES;
	}
	sum_add(&sum, p + from, iov[0].iov_len - from);
	for (int i = 1; i < count; i++)
		sum_add(&sum, iov[i].iov_base, iov[i].iov_len);
	*value = sum_end(&sum);
	return 0;
}

int
fragment_seal(const struct iovec *iov, int count, struct err *err)
{
	uint8_t *p = iov[0].iov_base;
	size_t n = iov[0].iov_len, info_at, seq_at = 0;
	uint64_t bytes = 0, sum;
	int rc;

	if (find_info(p, n, &info_at, err) == -1 ||
	    (rc = find_seq(p, n, &seq_at, err)) == -1)
		return -1;
	if (rc == 0 && count > 1)
		return err_set(err, ERR_BUG, "no moof in the first piece");
	if (sum_of(iov, count, info_at, seq_at, &sum, err) == -1)
		return -1;
	for (int i = 0; i < count; i++)
		bytes += iov[i].iov_len;
	set_u64(p + info_at + INFO_FILE_AT, bytes);
	set_u64(p + info_at + INFO_SUM_AT, sum);
	seal_box(p + info_at);
	return 0;
}

int
fragment_check(const uint8_t *p, size_t n, struct fragment_info *info,
    struct err *err)
{
	const struct iovec iov = { (void *)(uintptr_t)p, n };
	size_t info_at, seq_at = 0;
	uint64_t sum;

	if (fragment_get_info(p, n, info, err) == -1 ||
	    find_info(p, n, &info_at, err) == -1)
		return -1;
	if (info->bytes != n)
		return err_set(err, ERR_DATA, "damaged: %zu bytes of %" PRIu64,
		    n, info->bytes);
	if (find_seq(p, n, &seq_at, err) == -1)
		return err_wrap(err, "damaged");
	if (sum_of(&iov, 1, info_at, seq_at, &sum, err) == -1)
		return -1;
	if (sum != get_u64(p + info_at + INFO_SUM_AT) ||
	    info->seq != (seq_at == 0 ? 0 : get_u32(p + seq_at)))
		return err_set(err, ERR_DATA, "damaged: wrong checksum");
	return 0;
}

int
fragment_stamp(uint8_t *p, size_t n, const struct fragment_info *info,
    struct err *err)
{
	size_t info_at, seq_at;
	int rc;

	if (find_info(p, n, &info_at, err) == -1 ||
	    (rc = find_seq(p, n, &seq_at, err)) == -1)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_DATA, "fragment: no moof");
	set_u32(p + info_at + INFO_EPOCH_AT, info->epoch);
	set_u32(p + info_at + INFO_SEQ_AT, info->seq);
	set_u64(p + info_at + INFO_DATE_AT, (uint64_t)info->date_us);
	set_u64(p + info_at + INFO_NAME_AT, info->name);
	set_u32(p + seq_at, info->seq);
	seal_box(p + info_at);
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
