/*
 * Seeded random numbers for tests, models and simulators (splitmix64, Steele et al. 2014): the same seed gives the
 * same run on every machine. Never for keys.
 */
#ifndef HOST_RANDOM_H
#define HOST_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* 0 .. bound - 1; 0 when `bound` is 0. The bias of the modulo does not matter to a test. */
static inline uint32_t random_below(struct random *random, uint32_t bound)
{
    return bound == 0 ? 0 : (uint32_t)(random_next(random) % bound);
}

/* A word in which each bit is set with probability sixteenths/16. */
static inline uint64_t random_bits(struct random *random, uint32_t sixteenths)
{
    uint64_t mask = sixteenths >= 16 ? UINT64_MAX : 0;

    for (uint32_t bit = 0; bit < 4 && sixteenths < 16; bit++) {
        uint64_t word = random_next(random);

        mask = (sixteenths >> bit & 1) != 0 ? mask | word : mask & word;
    }
    return mask;
}

static inline void random_fill(struct random *random, void *dst, size_t len)
{
    uint8_t *out = dst;

    while (len > 0) {
        uint64_t word = random_next(random);
        size_t part = len < sizeof word ? len : sizeof word;

        memcpy(out, &word, part);
        out += part;
        len -= part;
    }
}

#endif
