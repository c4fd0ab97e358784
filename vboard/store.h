/* Flash contents in plain files: int.bin, ext.bin, uicr.bin of a directory, mapped, so that they are always current. */
#ifndef VBOARD_STORE_H
#define VBOARD_STORE_H

#include <stdint.h>

#include "host/failure.h"

enum { STORE_INTERNAL, STORE_EXTERNAL, STORE_UICR, STORE_FILES };

struct store {
    uint8_t *data[STORE_FILES];
};

/* Opens or creates the files; new ones are filled with ff, or at random from `seed` when it is not 0. The UICR always
 * begins erased. Returns OK, ERR_HOST_FILE (line in `failure`). */
int store_open(struct store *store, const char *dir, uint32_t seed, struct failure *failure) ERROR_MUST_CHECK;
void store_close(struct store *store);

#endif
