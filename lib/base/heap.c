#include "base/heap.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>

#define BLOCK_MAX	(32 << 20)	/* what glibc allows as a threshold */

void
heap_prefer_huge(size_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from, to;
	void *volatile block;

	if (bytes > INT_MAX || mallopt(M_MMAP_THRESHOLD, BLOCK_MAX) == 0 ||
	    mallopt(M_TRIM_THRESHOLD, INT_MAX) == 0 ||
	    mallopt(M_TOP_PAD, (int)bytes) == 0)
		return;
	/* One block makes the heap grow by all of BYTES, untouched. */
	from = (uintptr_t)sbrk(0);
	block = malloc(BLOCK_MAX / 2);
	free(block);
	to = (uintptr_t)sbrk(0);
	from = (from + page - 1) / page * page;
	if (to > from)
		madvise((void *)from, to - from, MADV_HUGEPAGE);
	mallopt(M_TOP_PAD, BLOCK_MAX);
}
#else
void
heap_prefer_huge(size_t bytes)
{
	(void)bytes;
}
#endif
