/*
 * limits - every maximum on what comes from outside, with its reason.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Configuration files: larger than any sane ladder. */
#define LIMIT_YAML_BYTES	(1024 * 1024)
#define LIMIT_YAML_DEPTH	8

/* The length field of an RTMP message and of an FLV tag has 24 bits. */
#define LIMIT_FLV_BODY_BYTES	0xffffff

/* One fragment: a second at 500 Mbit/s. */
#define LIMIT_FRAGMENT_BYTES	(64 * 1024 * 1024)
/* Samples of one track in a fragment: a second of 1000 fps, or of audio. */
#define LIMIT_FRAGMENT_SAMPLES	4096
/* What segment-store put stores at a time when it has a backlog. */
#define LIMIT_PUT_FRAGMENTS	32
#define LIMIT_PUT_BYTES		(4 * 1024 * 1024)
#define LIMIT_PUT_COLLECT_US	100000
#define LIMIT_PUT_THREADS	3
/* avcC, AudioSpecificConfig: a few parameter sets. */
#define LIMIT_CODEC_CONFIG_BYTES	65536

/* Fragments before a dependent one that a job reads: a keyframe interval of
   two minutes. */
#define LIMIT_FRAGMENT_BACK	120
/* Width and height of a picture: 8K with room. */
#define LIMIT_PICTURE_SIDE	8192

/* Boxes of ISO BMFF inside one another. */
#define LIMIT_MP4_DEPTH		16

/*
 * One RTMP connection.  Before it may publish, only commands are kept; after
 * that, one message of the largest size and the others begun around it.
 */
#define LIMIT_RTMP_CHUNK_STREAMS	64
#define LIMIT_RTMP_COMMAND_BYTES	65536
#define LIMIT_RTMP_PARTIAL_BYTES	(20 * 1024 * 1024)
#define LIMIT_RTMP_PARTIAL_EARLY_BYTES	(256 * 1024)
/* Replies that the peer does not read. */
#define LIMIT_RTMP_REPLY_BYTES		65536
/* A stream name, key or query, as sent. */
#define LIMIT_RTMP_NAME_BYTES		256
/* A tcUrl: server, app and query. */
#define LIMIT_RTMP_URL_BYTES		1023

/* All buffers of rtmp-recv: the default, and the least. */
#define LIMIT_RECV_MEMORY_BYTES		(1024 * 1024 * 1024)
#define LIMIT_RECV_MEMORY_MIN_BYTES	(8 * 1024 * 1024)
/* FLV that waits for a slow handler, before the publisher has to wait. */
#define LIMIT_RECV_PENDING_BYTES	(4 * 1024 * 1024)
/* The same with all that one read of the socket can still bring. */
#define LIMIT_RECV_PENDING_MAX_BYTES	(32 * 1024 * 1024)
/* Listening sockets of one server: a few addresses, plain and TLS. */
#define LIMIT_RECV_LISTENERS		16
/* Publishers of one server. */
#define LIMIT_RECV_PUBLISHERS		100000
/* Connections that do not publish: of one address, and of all beyond the
   publishers that there may be.  The oldest makes room; of all, the oldest
   that has not finished its handshake. */
#define LIMIT_RECV_PER_ADDRESS		100
#define LIMIT_RECV_WAITING		256
/* A report about all publishers. */
#define LIMIT_RECV_STATUS_BYTES		(64 * 1024 * 1024)
/* Programs of --auth at one time; other questions wait. */
#define LIMIT_RECV_AUTH			16
/* Addresses without a connection whose wrong keys are remembered. */
#define LIMIT_GUARD_HOSTS		4096
/* Lines in the log about connections that did not publish, in 5 s. */
#define LIMIT_RECV_LOG_LINES		50

/* AMF0 and AMF3 values inside one another, and in one message. */
#define LIMIT_AMF_DEPTH			16
#define LIMIT_AMF_VALUES		4096
/* Object traits of one AMF3 value, which later objects refer to. */
#define LIMIT_AMF3_TRAITS		32
/* Strings of one AMF3 value that may be referred to. */
#define LIMIT_AMF3_STRINGS		256

/* A publisher's secret key. */
#define LIMIT_KEY_BYTES			255

/* HTTP origin.  A low-latency viewer has a held request for each rendition
   that it plays, and loads segments beside. */
#define LIMIT_HTTP_CONNECTIONS	8192
/* Of one address: a household behind a router, not a flood. */
#define LIMIT_HTTP_PER_ADDRESS	256
/* A connection's memory: request line and headers, and the answer's headers.
   Thousands are held, so it is small. */
#define LIMIT_HTTP_HEADER_BYTES	(6 * 1024)
/* From the connection, or its last answer, to the end of a request. */
#define LIMIT_HTTP_REQUEST_S	30
/* An answer that moves no byte for so long is cut off; and one that is
   slower than so much a second on the whole, a modem's speed. */
#define LIMIT_HTTP_IDLE_S	30
#define LIMIT_HTTP_SLOWEST_BYTES	4096
/* On SIGTERM, answers under way get so long. */
#define LIMIT_HTTP_DRAIN_MS	2000
#define LIMIT_HTTP_THREADS	64
/* Of the decoded path; the longest that spool(5) has is below 256. */
#define LIMIT_HTTP_PATH_BYTES	1024
/* /streams.json: a thousand streams and more, in short lines. */
#define LIMIT_HTTP_STREAMS_BYTES	(256 * 1024)
/* A playlist that is compressed and understood: a day of seconds; and all
   that are kept in memory. */
#define LIMIT_HTTP_PLAYLIST_BYTES	(12 * 1024 * 1024)
#define LIMIT_HTTP_PLAYLISTS_BYTES	(128 * 1024 * 1024)
#define LIMIT_HTTP_PLAYLISTS		16384
/* Segments that are kept mapped, of the file cache's memory: all of the last
   seconds of some hundred streams; each that is not larger, and so long after
   it was last asked for. */
#define LIMIT_HTTP_MAPPED		4096
#define LIMIT_HTTP_MAPPED_BYTES		(1024 * 1024 * 1024)
#define LIMIT_HTTP_MAPPED_FILE_BYTES	(8 * 1024 * 1024)
#define LIMIT_HTTP_MAPPED_S		10
/* A request is held for so many target durations, and no longer than that;
   a part's may not have one before its playlist was read. */
#define LIMIT_HTTP_HOLD_TARGETS		3
#define LIMIT_HTTP_HOLD_S		60
/* A certificate chain, and a key. */
#define LIMIT_HTTP_CERT_BYTES		(256 * 1024)
/* Lines of the request log that are not yet written. */
#define LIMIT_HTTP_LOG_BYTES		(1024 * 1024)

/* Streams that are watched, originals that may be repeated because they are
   still pending, and how often each. */
#define LIMIT_TAIL_STREAMS	100000
#define LIMIT_TAIL_OFFERS	100000
#define LIMIT_TAIL_AGAIN	3

/* Fragments that expire is told of by a list: a directory of each of 100
   renditions. */
#define LIMIT_LISTED		200000

/* What is remembered of a stream's directories: some 80 bytes for a thousand
   fragments of a rendition. */
#define LIMIT_INDEX_BYTES	(64 * 1024 * 1024)

/* Tickets that a worker looks at to claim some: ten hours of a stream. */
#define LIMIT_CLAIM_LOOK	36000

/* How often an original may be tried, and why a try failed: one line. */
#define LIMIT_TRIES		100
#define TRIES_DEFAULT		3
#define LIMIT_FAILED_BYTES	1024

/* Fragments that one transcode-job works on at once. */
#define LIMIT_PULL_JOBS		1024

/* Originals that are worked on in one go: what a crash makes to be done again,
   and what is held in memory. */
#define LIMIT_RUN_FRAGMENTS	60
#define LIMIT_RUN_BYTES		(64 * 1024 * 1024)

/* Threads of one of them; each takes address space. */
#define LIMIT_JOB_THREADS	64

/* Fragments of one playlist: three weeks of seconds. */
#define LIMIT_PLAYLIST_ENTRIES	(21 * 86400)
#define LIMIT_PLAYLIST_BYTES	(256 * 1024 * 1024)
/* The window of a live playlist: clients load all of it every second. */
#define LIMIT_WINDOW_S		(4 * 3600)
#define LIMIT_INIT_BYTES	(256 * 1024)

/* playlist-gen --check.  Playlists of one multivariant playlist, and what is
   said of all. */
#define LIMIT_CHECK_LISTS	256
#define LIMIT_CHECK_SAID	8192
/* Playlists in a tree. */
#define LIMIT_CHECK_FILES	10000
/* One resource over HTTP: to connect, and in all. */
#define LIMIT_FETCH_CONNECT_S	5
#define LIMIT_FETCH_S		30
/* Segments that left a list while it is watched. */
#define LIMIT_CHECK_GONE	16384

#endif /* BASE_LIMITS_H */
