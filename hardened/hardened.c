#include "hardened/hardened.h"

hardened_bool hardened_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    uint32_t difference = 0;
    size_t visited = 0;

    for (; visited < len; visited++) {
        difference |= (uint32_t)(left[visited] ^ right[visited]);
    }
    if (hardened_launder((uint32_t)visited) != (uint32_t)len || len == 0) {
        return HARDENED_FALSE;
    }
    /* TRUE only by arithmetic on what was found: a skipped branch cannot make it. */
    difference = hardened_launder((difference | (0U - difference)) >> 31);
    return HARDENED_TRUE ^ (difference * (HARDENED_TRUE ^ HARDENED_FALSE));
}
