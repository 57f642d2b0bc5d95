/* crc32 — the checksum of FINGERPRINT (ITU V.42), eight bytes a step.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef WIRE_CRC32_H
#define WIRE_CRC32_H

#include "base/span.h"

/* crc32_of — the CRC-32 of `count` pieces as if they were one run of bytes. Never fails. */
uint32_t crc32_of(const struct span *pieces, size_t count);

#endif
