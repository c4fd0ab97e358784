/* Signed images for simulations, made by our own image tool with a key made in the process. */
#ifndef TESTS_POWERCUT_IMAGES_H
#define TESTS_POWERCUT_IMAGES_H

#include "boot/verify.h"
#include "host/buffer.h"
#include "imagetool/sign.h"

/* The key that signs every image, as the bootloader holds it. */
const struct boot_key *images_key(void);

/*
 * An image of exactly `size` bytes, all of it (at least images_overhead), version `major`.0.0, payload from `seed`.
 * Kept and shared: the same arguments give the same image. Ends the program when it cannot be made.
 */
const struct buffer *images_get(uint32_t size, uint8_t major, uint32_t seed);

/* The same to be loaded to `load_addr` in RAM; 0: not to be loaded. */
const struct buffer *images_get_for(uint32_t load_addr, uint32_t size, uint8_t major, uint32_t seed);

/* The same with what `params` asks for beyond that: dependencies, a security counter. Appended to `image`, not kept. */
void images_make(struct buffer *image, const struct sign_params *params, uint32_t payload_len, uint32_t seed);

uint32_t images_overhead(void);
void images_tidy(void); /* forgets the images, not the key, when there are many */
void images_free(void);

#endif
