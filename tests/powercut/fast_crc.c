/*
 * boot/crc32.h for simulations: the same answers, sooner, from tables (eight bytes at a time). fast_crc_test.c compares
 * them with the definition; the test powercut_plain runs without this file.
 */
#include <stdbool.h>

#include "boot/crc32.h"
#include "host/le.h"

#define POLYNOMIAL 0xedb88320U /* reflected */
#define SLICES     8U

/* [n][b]: the CRC of byte b and n zero bytes. */
static uint32_t table[SLICES][256];
static bool is_made;

static void make_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (POLYNOMIAL & (0U - (crc & 1U)));
        }
        table[0][byte] = crc;
    }
    for (uint32_t i = 256; i < SLICES * 256; i++) {
        uint32_t before = table[i / 256 - 1][i % 256];

        table[i / 256][i % 256] = before >> 8 ^ table[0][before & 0xff];
    }
    is_made = true;
}

static uint32_t eight_bytes(uint32_t low, uint32_t high)
{
    return table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^
           table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^ table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
}

uint32_t crc32_update(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    if (!is_made) {
        make_table();
    }
    crc = ~crc;
    for (; len >= SLICES; len -= SLICES, bytes += SLICES) {
        crc = eight_bytes(crc ^ le32_get(bytes), le32_get(bytes + 4));
    }
    for (; len > 0; len--, bytes++) {
        crc = crc >> 8 ^ table[0][(crc ^ *bytes) & 0xff];
    }
    return ~crc;
}
