/* method — the methods that requests are counted by.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_METHOD_H
#define ENGINE_METHOD_H

#include <stdint.h>

enum { METHOD_COUNT = 7 };

/* method_place — the place of a STUN method among those that are counted. Never fails. */
unsigned method_place(uint16_t method);

/* method_name — the name of the method at a place, as logs and metrics have it, static. Never
 * fails. */
const char *method_name(unsigned place);

#endif
