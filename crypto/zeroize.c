/*
 * The library's erasing of its working memory, which SHA-256 does after every block. The library's own goes byte by
 * byte on small C libraries: 14 of 60 instructions per byte hashed. Here are words; the stores are volatile, so that
 * the compiler cannot leave out what nobody reads.
 */
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/platform_util.h>

void mbedtls_platform_zeroize(void *buf, size_t len)
{
    volatile uint8_t *byte = buf;

    while (len > 0 && (uintptr_t)byte % sizeof(uint32_t) != 0) {
        *byte++ = 0;
        len--;
    }
    for (; len >= 4 * sizeof(uint32_t); len -= 4 * sizeof(uint32_t)) {
        volatile uint32_t *word = (volatile uint32_t *)(volatile void *)byte;

        word[0] = 0;
        word[1] = 0;
        word[2] = 0;
        word[3] = 0;
        byte += 4 * sizeof(uint32_t);
    }
    for (; len > 0; len--) {
        *byte++ = 0;
    }
}
