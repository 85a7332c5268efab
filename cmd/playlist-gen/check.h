/*
 * check - playlist-gen --check: trees and URLs, and what is wrong with them.
 */
#ifndef CMD_PLAYLIST_GEN_CHECK_H
#define CMD_PLAYLIST_GEN_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Check the N operands, directories, playlists or URLs, for FOR_US, and print
 * what breaks a rule.  The exit status, or -1.
 */
int	check_operands(char *const *operands, size_t n, int64_t for_us,
	    bool lists_only, struct err *err)
	    __attribute__((warn_unused_result));

#endif /* CMD_PLAYLIST_GEN_CHECK_H */
