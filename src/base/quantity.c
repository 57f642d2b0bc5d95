/* quantity — numbers as people write them. */
/* SPDX-License-Identifier: MIT */
#include "base/quantity.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DAY = 86400 };

/* A unit and what it is worth. Of several that fit, the first is written. */
struct unit {
    const char *name;
    uint64_t worth;
};

static const struct unit durations[] = {{"d", DAY}, {"h", 3600}, {"m", 60}, {"s", 1}};
static const struct unit rates[] = {{"/s", 1}};
static const struct unit bandwidths[] = {
    {"GB/s", 1000000000},  {"MB/s", 1000000},  {"kB/s", 1000},  {"B/s", 1},
    {"Gbit/s", 125000000}, {"Mbit/s", 125000}, {"kbit/s", 125},
};

enum quantity_verdict quantity_digits(const char *word, uint64_t *value, const char **behind)
{
    uint64_t sum = 0;
    const char *at = word;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (sum > (uint64_t)INT64_MAX / 10 - 1) {
            return QUANTITY_LARGE;
        }
        sum = sum * 10 + (uint64_t)(*at - '0');
    }
    if (at == word || (word[0] == '0' && at != word + 1)) {
        return QUANTITY_FORM;
    }
    *value = sum;
    *behind = at;
    return QUANTITY_OK;
}

/* with_unit — read a number with one of the units behind it, or a bare 0. */
static enum quantity_verdict with_unit(const char *word, const struct unit *units, size_t count,
                                       uint64_t *value)
{
    const char *behind;
    uint64_t number;
    enum quantity_verdict verdict = quantity_digits(word, &number, &behind);
    if (verdict != QUANTITY_OK) {
        return verdict;
    }
    if (*behind == '\0' && number == 0) {
        *value = 0;
        return QUANTITY_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(behind, units[i].name) != 0) {
            continue;
        }
        if (number > (uint64_t)INT64_MAX / units[i].worth) {
            return QUANTITY_LARGE;
        }
        *value = number * units[i].worth;
        return QUANTITY_OK;
    }
    return QUANTITY_FORM;
}

static void put_with_unit(struct text *t, const struct unit *units, size_t count, uint64_t value)
{
    for (size_t i = 0; value > 0 && i < count; i++) {
        if (value % units[i].worth == 0) {
            text_u64(t, value / units[i].worth);
            text_put(t, units[i].name);
            return;
        }
    }
    text_u64(t, value);
}

enum quantity_verdict quantity_number(const char *word, uint64_t *value)
{
    const char *behind;
    uint64_t number;
    enum quantity_verdict verdict = quantity_digits(word, &number, &behind);
    if (verdict != QUANTITY_OK) {
        return verdict;
    }
    if (*behind != '\0') {
        return QUANTITY_FORM;
    }
    *value = number;
    return QUANTITY_OK;
}

enum quantity_verdict quantity_duration(const char *word, uint64_t *value)
{
    return with_unit(word, durations, COUNT(durations), value);
}

enum quantity_verdict quantity_rate(const char *word, uint64_t *value)
{
    return with_unit(word, rates, COUNT(rates), value);
}

enum quantity_verdict quantity_bandwidth(const char *word, uint64_t *value)
{
    return with_unit(word, bandwidths, COUNT(bandwidths), value);
}

void quantity_put_duration(struct text *t, uint64_t seconds)
{
    size_t skip = seconds == DAY ? 1 : 0; /* one day is written as 24 hours */
    put_with_unit(t, durations + skip, COUNT(durations) - skip, seconds);
}

void quantity_put_rate(struct text *t, uint64_t per_second)
{
    put_with_unit(t, rates, COUNT(rates), per_second);
}

void quantity_put_bandwidth(struct text *t, uint64_t bytes_per_second)
{
    put_with_unit(t, bandwidths, COUNT(bandwidths), bytes_per_second);
}
