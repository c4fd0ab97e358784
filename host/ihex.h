/*
 * Intel HEX (Hexadecimal Object File Format Specification, revision A, 1988): record types 00 to 05. Start addresses
 * (03, 05) are checked and dropped: what is flashed has none.
 */
#ifndef HOST_IHEX_H
#define HOST_IHEX_H

#include "host/memory_image.h"

/*
 * Adds the data of a HEX text to `image`. Returns OK, ERR_HOST_INPUT (malformed, checksum, overlap, no end record;
 * the line in `failure` begins with "line N"). After an error `image` holds the records before it.
 */
int ihex_parse(const uint8_t *text, size_t len, struct memory_image *image, struct failure *failure) ERROR_MUST_CHECK;

/*
 * Appends the HEX text: records of 16 bytes that do not cross 64 KiB, upper-case digits, '\n' line ends, type 04
 * records only if an address needs more than 16 bits; byte for byte what the IntelHex module of imgtool writes.
 */
void ihex_print(const struct memory_image *image, struct buffer *out);

#endif
