/*
 * memcpy, memset and memcmp by words, in place of the C library's, which go byte by byte: hashing, copying and
 * comparing spend a quarter of their time there otherwise. The core takes unaligned words in memory (CCR.UNALIGN_TRP
 * stays clear); registers of devices are no memory.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The one type through which bytes of other types are read and written: the compiler is told that it may be any. */
struct words {
    uint32_t a;
    uint32_t b;
} __attribute__((packed, may_alias));

/* The compiler must not recognise what these loops do, or they would call themselves; nor make an index of a pointer.
 */
#define OPAQUE(value) __asm__ volatile("" : "+r"(value))

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
    uint8_t *to = dst;
    const uint8_t *from = src;

    for (; len >= sizeof(struct words); len -= sizeof(struct words)) {
        ((struct words *)to)->a = ((const struct words *)from)->a;
        ((struct words *)to)->b = ((const struct words *)from)->b;
        to += sizeof(struct words);
        from += sizeof(struct words);
        OPAQUE(to);
        OPAQUE(from);
        OPAQUE(len);
    }
    for (; len > 0; len--) {
        *to++ = *from++;
        OPAQUE(to);
    }
    return dst;
}

void *memset(void *dst, int value, size_t len)
{
    uint32_t word = (uint8_t)value * 0x01010101u;
    uint8_t *to = dst;

    for (; len >= sizeof(struct words); len -= sizeof(struct words)) {
        ((struct words *)to)->a = word;
        ((struct words *)to)->b = word;
        to += sizeof(struct words);
        OPAQUE(to);
        OPAQUE(len);
    }
    for (; len > 0; len--) {
        *to++ = (uint8_t)value;
        OPAQUE(to);
    }
    return dst;
}

int memcmp(const void *first, const void *second, size_t len)
{
    const uint8_t *a = first;
    const uint8_t *b = second;

    while (len >= sizeof(struct words) && ((const struct words *)a)->a == ((const struct words *)b)->a &&
           ((const struct words *)a)->b == ((const struct words *)b)->b) {
        a += sizeof(struct words);
        b += sizeof(struct words);
        len -= sizeof(struct words);
        OPAQUE(a);
        OPAQUE(b);
    }
    for (; len > 0; len--) {
        int difference = *a++ - *b++;

        if (difference != 0) {
            return difference;
        }
        OPAQUE(a);
    }
    return 0;
}
