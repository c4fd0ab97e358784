/* Between the files of update/. */
#ifndef UPDATE_STATE_H
#define UPDATE_STATE_H

#include <farboot/util.h>

#include "update/update.h"

/* What the trailers say. */
struct update_state {
    bool unconfirmed; /* the running image is on trial; the target slot holds the one to fall back to */
    bool pending;     /* a slot's image was requested */
    bool permanent;   /* for good */
    bool failed;      /* it was tried and did not confirm itself; where images are chosen, else it is no longer there */
};

#define UPDATE_MODE(name) IS_ENABLED(UTIL_CAT(CONFIG_MCUBOOT_BOOTLOADER_MODE_, name))

/* The bootloader's mode as Kconfig knows it; on the host, where it knows none, -1. */
#define UPDATE_MODE_CONFIGURED                                                                                         \
    (UPDATE_MODE(SWAP_USING_OFFSET)                                             ? (int)UPDATE_SWAP_USING_OFFSET        \
     : UPDATE_MODE(SWAP_USING_MOVE)                                             ? (int)UPDATE_SWAP_USING_MOVE          \
     : UPDATE_MODE(SWAP_SCRATCH)                                                ? (int)UPDATE_SWAP_USING_SCRATCH       \
     : UPDATE_MODE(UPGRADE_WITH_BACKUP)                                         ? (int)UPDATE_WITH_BACKUP              \
     : UPDATE_MODE(OVERWRITE_ONLY)                                              ? (int)UPDATE_OVERWRITE_ONLY           \
     : UPDATE_MODE(DIRECT_XIP_WITH_REVERT) || UPDATE_MODE(RAM_LOAD_WITH_REVERT) ? (int)UPDATE_CHOOSE_WITH_REVERT       \
     : UPDATE_MODE(DIRECT_XIP) || UPDATE_MODE(RAM_LOAD)                         ? (int)UPDATE_CHOOSE                   \
                                                                                : -1)

/* Firmware has one mode: a constant here, so that what the others need is not linked. */
static inline enum update_mode update_mode(const struct update *update)
{
    return UPDATE_MODE_CONFIGURED >= 0 ? (enum update_mode)UPDATE_MODE_CONFIGURED : update->mode;
}

/* The bootloader chooses an image instead of installing one. */
static inline bool update_chooses(const struct update *update)
{
    return update_mode(update) == UPDATE_CHOOSE || update_mode(update) == UPDATE_CHOOSE_WITH_REVERT;
}

/* Opens slots, trailers and limits (layout.c). Returns what update_open returns. */
int update_layout_open(struct update *update, const struct update_config *config) ERROR_MUST_CHECK;

/* Of a slot that does not run. Returns OK; what trailer_read returns; what keeps the slot from being used. */
int update_state_read(const struct update *update, enum update_slot slot, struct update_state *state) ERROR_MUST_CHECK;

/* Whether a slot may be erased. Returns OK; ERR_UPDATE_STATE; what keeps the slot from being used. */
int update_state_check_free(const struct update *update, enum update_slot slot) ERROR_MUST_CHECK;

/* Whether the bootloader, were the image of `slot` requested, would start it before the running one. Choosing only. */
bool update_state_goes_first(const struct update *update, enum update_slot slot, const struct image_version *version);

#endif
