/* heap — memory of the heap that nobody uses, back to the kernel. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_HEAP_H
#define NET_HEAP_H

/* heap_trim — give back what ended connections have left: malloc keeps free pages below the first
 * piece in use, and a crowd of TLS clients leaves tens of megabytes of them. Whoever allocates
 * meanwhile waits. Never fails; does nothing where the C library has no way to. */
void heap_trim(void);

#endif
