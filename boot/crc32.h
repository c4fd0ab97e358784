/* CRC-32 as in Ethernet and zlib: finds damage, is no authentication. Bit by bit: what it covers is short. */
#ifndef BOOT_CRC32_H
#define BOOT_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Of `len` bytes, after those of which the result was `crc`; 0 to begin with. */
uint32_t crc32_update(uint32_t crc, const void *data, size_t len);

#endif
