#include "boot/crc32.h"

#define POLYNOMIAL 0xedb88320U /* reflected */

uint32_t crc32_update(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (POLYNOMIAL & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}
