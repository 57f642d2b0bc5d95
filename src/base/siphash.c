/* siphash — a keyed hash that strangers cannot steer. */
/* SPDX-License-Identifier: MIT */
#include "base/siphash.h"

struct state {
    uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline void stir(struct state *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotate(s->b, 13) ^ s->a;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a = rotate(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotate(s->b, 17) ^ s->c;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c = rotate(s->c, 32);
}

static inline struct state begin(const struct siphash_key *key)
{
    return (struct state){
        key->word[0] ^ UINT64_C(0x736f6d6570736575),
        key->word[1] ^ UINT64_C(0x646f72616e646f6d),
        key->word[0] ^ UINT64_C(0x6c7967656e657261),
        key->word[1] ^ UINT64_C(0x7465646279746573),
    };
}

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    struct state s = begin(key);
    for (size_t done = 0; done <= size; done += 8) {
        uint64_t m = 0;
        size_t part = size - done < 8 ? size - done : 8;
        for (size_t i = 0; i < part; i++) {
            m |= (uint64_t)at[done + i] << (8 * i);
        }
        if (part < 8) {
            m |= (uint64_t)(size & 0xff) << 56;
        }
        s.d ^= m;
        stir(&s);
        stir(&s);
        s.a ^= m;
    }
    s.c ^= 0xff;
    for (int i = 0; i < 4; i++) {
        stir(&s);
    }
    return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t siphash_words(const struct siphash_key *key, const uint64_t *words, size_t count)
{
    struct state s = begin(key);
    for (size_t i = 0; i < count; i++) {
        s.d ^= words[i];
        stir(&s);
        s.a ^= words[i];
    }
    s.c ^= 0xff;
    for (int i = 0; i < 3; i++) {
        stir(&s);
    }
    return s.a ^ s.b ^ s.c ^ s.d;
}
