/* From a file with an application to a file with an image: Intel HEX or raw bytes, by the names' endings. */
#ifndef IMAGETOOL_SIGN_FILE_H
#define IMAGETOOL_SIGN_FILE_H

#include "imagetool/sign.h"

enum sign_output {
    SIGN_IMAGE,
    SIGN_VECTOR_PAYLOAD, /* what a signing service that hashes for itself is to sign */
    SIGN_VECTOR_DIGEST,  /* its digest */
};

struct sign_file {
    const char *in;
    const char *out;
    bool pad_header; /* put the header in front; otherwise the input begins with that many zero bytes */
    bool pad;        /* fill the slot, with a trailer */
    enum slot_mark mark;
    const uint32_t *hex_addr; /* address of the image in a HEX output; NULL: where the HEX input has it */
    enum sign_output output;
    const char *signature_out; /* file that gets the signature in base64; NULL: none */
};

/*
 * Signs one file. `params` needs no header_fill: that follows from pad_header. Returns what image_sign returns, and
 * ERR_HOST_FILE (line in `failure`). Nothing is written when signing fails. `params->header_size` must be set.
 */
int sign_file(const struct sign_file *job, const struct sign_params *params, const struct signing_key *key,
              struct failure *failure) ERROR_MUST_CHECK;

#endif
