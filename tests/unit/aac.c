#include <string.h>

#include "base/err.h"
#include "media/aac.h"
#include "tap.h"

struct asc_case {
	const char	*name;
	const char	*bytes;
	size_t		 n;
	int		 rc;
	uint32_t	 rate;
	uint16_t	 channels;
	uint32_t	 samples;
};

#define ASC(bytes)	bytes, sizeof(bytes) - 1

static const struct asc_case cases[] = {
	{ "LC 44.1 kHz stereo", ASC("\x12\x10"), 0, 44100, 2, 1024 },
	{ "LC 48 kHz mono", ASC("\x11\x88"), 0, 48000, 1, 1024 },
	{ "LC 48 kHz 5.1", ASC("\x11\xb0"), 0, 48000, 6, 1024 },
	{ "LC 48 kHz 7.1", ASC("\x11\xb8"), 0, 48000, 8, 1024 },
	{ "frames of 960", ASC("\x11\x94"), 0, 48000, 2, 960 },
	{ "HE-AAC: 24 kHz core", ASC("\x2b\x11\x88\x00"), 0, 24000, 2, 1024 },
	{ "SBR told behind LC", ASC("\x13\x10\x56\xe5\x98"), 0, 24000, 2,
	  1024 },
	{ "trailing padding", ASC("\x12\x10\0\0\0\0"), 0, 44100, 2, 1024 },
	{ "a rate of 24 bits", ASC("\x17\x80\x55\xef\x90"), 0, 43999, 2,
	  1024 },
	{ "a program config element",
	  ASC("\x11\x80\x04\xc4\x00\x00\x20"), 0, 48000, 2, 1024 },
	{ "nothing", ASC(""), -1, 0, 0, 0 },
	{ "one byte", ASC("\x12"), -1, 0, 0, 0 },
	{ "a reserved rate", ASC("\x16\x90"), -1, 0, 0, 0 },
	{ "USAC", ASC("\xf9\x46\x40"), -1, 0, 0, 0 },
	{ "a program config element cut short", ASC("\x11\x80\x04"), -1, 0, 0,
	  0 },
};

static void
test_adts(void)
{
	static const uint8_t adts[] = { 0xff, 0xf1, 0x50, 0x80, 0x01, 0x3f,
	    0xfc, 'a', 'b' };
	static const uint8_t raw[] = { 0x21, 0x10, 0x05, 1, 2, 3, 4, 5 };
	const uint8_t *p = adts;
	size_t n = sizeof(adts);

	aac_skip_adts(&p, &n);
	ok(n == 2 && p[0] == 'a', "ADTS header: left out");
	p = adts;
	n = sizeof(adts) - 1;
	aac_skip_adts(&p, &n);
	ok(n == sizeof(adts) - 1, "ADTS header: of another length, stays");
	p = raw;
	n = sizeof(raw);
	aac_skip_adts(&p, &n);
	ok(n == sizeof(raw) && p == raw, "a raw frame stays");
}

int
main(void)
{
	struct aac_config c;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct asc_case *t = &cases[i];
		int rc = aac_config_parse((const uint8_t *)t->bytes, t->n, &c,
		    &err);

		if (rc == 0)
			ok(t->rc == 0 && c.sample_rate == t->rate &&
			    c.channels == t->channels &&
			    c.frame_samples == t->samples,
			    "%s: %u Hz, %u channels, %u samples", t->name,
			    (unsigned)c.sample_rate, (unsigned)c.channels,
			    (unsigned)c.frame_samples);
		else
			ok(t->rc == -1 && err.cls == ERR_DATA, "%s: %s",
			    t->name, err.text);
	}
	test_adts();
	return done_testing();
}
