/*
 * librtmp-publish URL - the FLV file on standard input to an RTMP server
 *
 * Through librtmp, as OBS and many others do it.  Tags go out as they are,
 * Enhanced ones too, as fast as the server takes them.
 */
#include <err.h>
#include <librtmp/rtmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES	4096	/* as OBS has it */
#define CHANNEL		4

static const char set_data[] = "\2\0\15@setDataFrame";

static bool
send_packet(RTMP *r, int type, int size, int channel, uint32_t ms,
    const char *body, uint32_t n)
{
	static const char none[1];
	RTMPPacket p = { .m_packetType = (uint8_t)type,
	    .m_headerType = (uint8_t)size, .m_nChannel = channel,
	    .m_nTimeStamp = ms,
	    .m_nInfoField2 = channel == CHANNEL ? r->m_stream_id : 0 };
	size_t extra = type == RTMP_PACKET_TYPE_INFO ? sizeof(set_data) - 1 :
	    0;
	bool sent;

	if (!RTMPPacket_Alloc(&p, n + (uint32_t)extra))
		errx(1, "out of memory");
	memcpy(p.m_body, set_data, extra);
	memcpy(p.m_body + extra, n > 0 ? body : none, n);
	p.m_nBodySize = n + (uint32_t)extra;
	sent = RTMP_SendPacket(r, &p, FALSE);
	RTMPPacket_Free(&p);
	return sent;
}

/* The next tag of the file; false at its end. */
static bool
next_tag(uint8_t head[11], char **body, uint32_t *n)
{
	uint8_t end[4];

	if (fread(head, 1, 11, stdin) != 11)
		return false;
	*n = (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
	if ((*body = realloc(*body, *n + 1)) == NULL)
		errx(1, "out of memory");
	if (fread(*body, 1, *n, stdin) != *n || fread(end, 1, 4, stdin) != 4)
		errx(1, "the file is cut short");
	return true;
}

int
main(int argc, char *argv[])
{
	static const char chunk[4] = { 0, 0, CHUNK_BYTES >> 8, 0 };
	uint8_t head[13];
	char *body = NULL;
	uint32_t n, ms;
	bool first = true;
	RTMP *r = RTMP_Alloc();

	if (argc != 2 || r == NULL)
		errx(64, "usage: librtmp-publish URL <FLV");
	RTMP_Init(r);
	if (!RTMP_SetupURL(r, argv[1]))
		errx(64, "bad URL");
	RTMP_EnableWrite(r);
	if (!RTMP_Connect(r, NULL) || !RTMP_ConnectStream(r, 0))
		errx(1, "cannot publish");
	send_packet(r, RTMP_PACKET_TYPE_CHUNK_SIZE, RTMP_PACKET_SIZE_LARGE, 2,
	    0, chunk, sizeof(chunk));
	r->m_outChunkSize = CHUNK_BYTES;
	if (fread(head, 1, 13, stdin) != 13 || memcmp(head, "FLV", 3) != 0)
		errx(1, "no FLV file");
	while (next_tag(head, &body, &n)) {
		ms = (uint32_t)head[4] << 16 | (uint32_t)head[5] << 8 |
		    head[6] | (uint32_t)head[7] << 24;
		if (!send_packet(r, head[0], first ||
		    head[0] == RTMP_PACKET_TYPE_INFO ? RTMP_PACKET_SIZE_LARGE :
		    RTMP_PACKET_SIZE_MEDIUM, CHANNEL, ms, body, n))
			errx(1, "the connection is lost");
		first = false;
	}
	RTMP_Close(r);
	RTMP_Free(r);
	free(body);
	return 0;
}
