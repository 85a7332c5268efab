/*
 * err - one error: its class, which is the exit status, and its text.
 *
 * A fallible library call takes a struct err * last, never NULL, and returns
 * -1 with it filled.  The text is written where the facts are; callers may
 * put context in front with err_wrap().  Needs no allocation and no global.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* The numbers are those of sysexits(3); NO is the honest "no". */
enum err_class {
	ERR_NONE = 0,
	ERR_NO = 1,		/* predicate false, nothing found, some failed */
	ERR_USAGE = 64,		/* the command was used wrong */
	ERR_DATA = 65,		/* bad input data */
	ERR_INPUT = 66,		/* cannot read input */
	ERR_UNAVAILABLE = 69,	/* a peer or a needed program is not there */
	ERR_BUG = 70,		/* our own fault */
	ERR_OS = 71,		/* the system refused: retry may help */
	ERR_CREATE = 73,	/* cannot create output */
	ERR_IO = 74,		/* reading or writing failed */
	ERR_AGAIN = 75,		/* not now: try again */
	ERR_PROTO = 76,		/* the peer broke the protocol */
	ERR_PERM = 77,		/* not allowed */
	ERR_CONFIG = 78,	/* a configuration file is wrong */
};

struct err {
	enum err_class	cls;
	int		errnum;	/* errno of err_sys(), else 0 */
	char		text[512];
};

#define ERR_INIT	{ .cls = ERR_NONE }

/* Set class and text.  Returns -1, so that "return err_set(...)" fails. */
int	err_set(struct err *err, enum err_class cls, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the text of errno behind it; keeps errno. */
int	err_sys(struct err *err, enum err_class cls, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* Put "context: " in front of the text.  Returns -1; keeps the class. */
int	err_wrap(struct err *err, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* malloc and friends failed.  Returns -1. */
int	err_nomem(struct err *err);

#ifdef __clang_analyzer__	/* it reads one file at a time */
#define err_set(...)	((err_set)(__VA_ARGS__), -1)
#define err_sys(...)	((err_sys)(__VA_ARGS__), -1)
#define err_wrap(...)	((err_wrap)(__VA_ARGS__), -1)
#define err_nomem(err)	((err_nomem)(err), -1)
#endif

#endif /* BASE_ERR_H */
