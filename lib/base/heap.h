/*
 * heap - malloc for programs that fill hundreds of megabytes and end.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>

/*
 * Ask that the next BYTES of memory come in huge pages, and that large blocks
 * are kept instead of being given back and faulted in again.  A hint: where
 * libc or kernel cannot, nothing changes.  Takes address space, no memory.
 * Call it once, early, from one thread.
 */
void	heap_prefer_huge(size_t bytes);

#endif /* BASE_HEAP_H */
