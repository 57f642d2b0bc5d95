/* quantity — numbers as people write them: "256", "10m", "200/s", "5MB/s".
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_QUANTITY_H
#define BASE_QUANTITY_H

#include "base/text.h"

enum quantity_verdict {
    QUANTITY_OK,
    QUANTITY_FORM,  /* not of the form at all */
    QUANTITY_LARGE, /* of the form, above 2^63 */
};

/* quantity_digits — read decimal digits, at least one, without a needless zero in front; *behind
 * gets the place behind them. Returns OK, FORM, LARGE. */
enum quantity_verdict quantity_digits(const char *word, uint64_t *value, const char **behind);

/* quantity_number — read "256". Returns OK, FORM, LARGE. */
enum quantity_verdict quantity_number(const char *word, uint64_t *value);

/* quantity_duration — read "90s", "10m", "24h", "7d" or "0", into seconds. Returns OK, FORM,
 * LARGE. */
enum quantity_verdict quantity_duration(const char *word, uint64_t *value);

/* quantity_rate — read "200/s" or "0", into events per second. Returns OK, FORM, LARGE. */
enum quantity_verdict quantity_rate(const char *word, uint64_t *value);

/* quantity_bandwidth — read "5MB/s", "500kB/s", "64kbit/s", "1Gbit/s" or "0" (k is 1000), into
 * bytes per second. Returns OK, FORM, LARGE. */
enum quantity_verdict quantity_bandwidth(const char *word, uint64_t *value);

/* quantity_put_duration — append seconds as quantity_duration reads them; cuts the text when there
 * is no room. */
void quantity_put_duration(struct text *t, uint64_t seconds);

/* quantity_put_rate — append events per second as quantity_rate reads them; cuts the text when
 * there is no room. */
void quantity_put_rate(struct text *t, uint64_t per_second);

/* quantity_put_bandwidth — append bytes per second as quantity_bandwidth reads them; cuts the text
 * when there is no room. */
void quantity_put_bandwidth(struct text *t, uint64_t bytes_per_second);

#endif
