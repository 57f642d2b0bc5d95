/* heap — memory of the heap that nobody uses, back to the kernel. */
/* SPDX-License-Identifier: MIT */
#include "net/heap.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

void heap_trim(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}
