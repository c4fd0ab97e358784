/* Reading the loadable segments of a 32-bit little-endian ELF executable (System V ABI, chapters 4 and 5). */
#ifndef HOST_ELF_H
#define HOST_ELF_H

#include <stdbool.h>

#include "host/memory_image.h"

bool elf_is(const uint8_t *data, size_t len);

/*
 * Adds the file contents of each PT_LOAD segment at its physical address, which is where a flasher would program it.
 * Returns OK, ERR_HOST_INPUT (not a 32-bit little-endian executable, ranges outside the file, overlap; line in
 * `failure`).
 */
int elf_parse(const uint8_t *data, size_t len, struct memory_image *image, struct failure *failure) ERROR_MUST_CHECK;

#endif
