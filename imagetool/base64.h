/* Base64 (RFC 4648, section 4), as signatures travel to and from a signing service. */
#ifndef IMAGETOOL_BASE64_H
#define IMAGETOOL_BASE64_H

#include "host/buffer.h"
#include "host/failure.h"

void base64_print(const uint8_t *data, size_t len, struct buffer *out);

/* Appends the bytes; white space at the ends does not matter. Returns OK, ERR_HOST_INPUT. */
int base64_parse(const char *text, struct buffer *out, struct failure *failure) ERROR_MUST_CHECK;

#endif
