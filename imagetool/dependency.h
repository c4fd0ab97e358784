/* Dependencies between images as text: "(1, 2.0.0), (2, 1.1+5)": image number and least version of each. */
#ifndef IMAGETOOL_DEPENDENCY_H
#define IMAGETOOL_DEPENDENCY_H

#include <stddef.h>

#include <farboot/image_format.h>

#include "host/failure.h"

/*
 * Appends to *list (grown by host_realloc, owned by the caller, also after an error). Returns OK, ERR_HOST_INPUT (line
 * in `failure`).
 */
int dependency_parse(const char *text, struct image_dependency **list, size_t *count,
                     struct failure *failure) ERROR_MUST_CHECK;

#endif
