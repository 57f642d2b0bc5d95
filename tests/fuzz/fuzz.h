/* fuzz — what a fuzz target offers: libFuzzer, or replay.c in its stead, calls it. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* LLVMFuzzerTestOneInput — handle one input of any bytes; `bytes` borrowed. Returns 0. Called
 * many times in one process, so it keeps nothing from one call to the next. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
