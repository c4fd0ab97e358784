/* The boot record TLV: what an attestation service is told about an image (PSA Attestation API 1.0, as CBOR). */
#ifndef IMAGETOOL_BOOT_RECORD_H
#define IMAGETOOL_BOOT_RECORD_H

#include <farboot/image_format.h>

#include "host/buffer.h"
#include "imagetool/digest.h"

#define BOOT_RECORD_TYPE_MAX 12 /* characters of sw_type */

/*
 * Appends the CBOR map: sw_type, version, signer (digest of the public key), name of the digest, and the measurement,
 * which is zero here and comes last because the bootloader fills it in.
 */
void boot_record_print(const char *sw_type, const struct image_version *version, const struct digest *digest,
                       const uint8_t *signer, size_t signer_len, struct buffer *out);

#endif
