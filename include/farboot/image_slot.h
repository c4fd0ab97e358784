/* What a slot holds, as it is told to people and protocols. Decides nothing in the bootloader. */
#ifndef FARBOOT_IMAGE_SLOT_H
#define FARBOOT_IMAGE_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include <farboot/image_format.h>

#define IMAGE_SLOT_HASH_MAX 64 /* SHA-512 */

struct image_slot {
    uint32_t size;      /* bytes */
    uint32_t max_image; /* bytes of the largest image that the update mode can install */
    bool has_image;     /* false: nothing below counts */
    struct image_version version;
    uint8_t hash[IMAGE_SLOT_HASH_MAX]; /* as stored in the image, not computed */
    uint8_t hash_len;                  /* 0: the image has none */
    bool bootable;
    bool pending;   /* will be installed at the next reset */
    bool permanent; /* pending, and needs no confirmation after it */
    bool confirmed; /* what a reset leads to unless another image is pending */
    bool active;    /* running now */
};

#endif
