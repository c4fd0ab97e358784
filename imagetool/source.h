/* Bytes as source text, so that a key can be compiled into a bootloader. */
#ifndef IMAGETOOL_SOURCE_H
#define IMAGETOOL_SOURCE_H

#include "host/buffer.h"

/* "const unsigned char NAME[] = {...};" and "const unsigned int NAME_len = N;", as imgtool names and lays them out. */
void source_print_c(const char *name, const uint8_t *data, size_t len, struct buffer *out);

/* "static NAME: &[u8] = &[...];"; NAME is written in capitals. */
void source_print_rust(const char *name, const uint8_t *data, size_t len, struct buffer *out);

#endif
