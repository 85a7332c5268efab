/*
 * log - one line per event on standard error, in one write.
 *
 * "NAME: level: message".  Control bytes become '?', so that a peer's text
 * can neither forge a line nor drive a terminal.  No timestamps: the
 * supervisor adds them.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

struct err;

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG };

/* Borrows NAME for good.  Before it is called the name is "livespool". */
void	log_name(const char *name);

/* Default LOG_LEVEL_WARNING.  -q and -v of base/opt step it. */
void	log_set_level(enum log_level level);
enum log_level	log_get_level(void);

void	log_error(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));
void	log_warning(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));
void	log_info(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));
void	log_debug(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));

/* Log ERR as an error.  Returns its class: the exit status of main(). */
int	log_fatal(const struct err *err);

#endif /* BASE_LOG_H */
