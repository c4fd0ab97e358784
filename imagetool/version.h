/* Image versions as text: major[.minor[.revision[+build]]], decimal without leading zeros. */
#ifndef IMAGETOOL_VERSION_H
#define IMAGETOOL_VERSION_H

#include <stddef.h>

#include <farboot/image_format.h>

#include "host/failure.h"

/* Returns OK, ERR_HOST_INPUT (not a version, or a part too large for the header's field; line in `failure`). */
int version_parse(const char *text, struct image_version *version, struct failure *failure) ERROR_MUST_CHECK;

/* As version_parse, for the first `len` characters of `text`. */
int version_parse_part(const char *text, size_t len, struct image_version *version,
                       struct failure *failure) ERROR_MUST_CHECK;

#define VERSION_TEXT_SIZE 32
/* Writes "major.minor.revision+build" and returns `text`. */
const char *version_print(const struct image_version *version, char text[VERSION_TEXT_SIZE]);

#endif
