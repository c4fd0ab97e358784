/*
 * What an application links to update itself: it writes an image into the slot that the update mode wants it in, asks
 * the bootloader to install it, and confirms it after it has run. Relies on flash areas and on the trailer and image
 * formats of boot/.
 *
 * Nothing here verifies signatures; the bootloader does, before it touches the running image. What this module
 * guarantees is that an update which was not written whole is never taken for an image, and that the image to fall
 * back to is never overwritten.
 */
#ifndef UPDATE_UPDATE_H
#define UPDATE_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/flash_area.h>
#include <farboot/image_slot.h>

#include "boot/trailer.h"

/* How the bootloader installs an image. */
enum update_mode {
    UPDATE_OVERWRITE_ONLY,
    UPDATE_SWAP_USING_OFFSET,
    UPDATE_SWAP_USING_MOVE,
    UPDATE_SWAP_USING_SCRATCH,
    UPDATE_WITH_BACKUP,
    UPDATE_CHOOSE,             /* direct XIP, RAM load: the image with the highest version is started, where it lies */
    UPDATE_CHOOSE_WITH_REVERT, /* the same, and it must confirm itself */
};

/* The numbers are those of SMP. */
enum update_slot { UPDATE_PRIMARY, UPDATE_SECONDARY, UPDATE_BACKUP, UPDATE_SLOTS };

struct update_config {
    uint8_t ids[UPDATE_SLOTS]; /* PM_<NAME>_ID of each slot; of one that the mode has not: any that is not in the map */
    enum update_mode mode;
    uint8_t image;        /* number of the image pair */
    uint32_t max_sectors; /* the bootloader's CONFIG_BOOT_MAX_IMG_SECTORS, which shapes the trailer of swap modes; 0:
                           * as many as the larger slot has */
    enum update_slot (*running)(void); /* where the running image came from; NULL: the primary slot */
};

enum {
    /* The header is written last, so that only a whole upload is an image. A multiple of every write block. */
    UPDATE_HEAD_SIZE = 32,
};

/* Of each image pair in this image's map, from pm_config.h and Kconfig (update/config.c; not on the host). */
extern const struct update_config update_configs[];
extern const unsigned update_config_count;

/* An upload in progress; the module's own. Offsets are from the start of the image. */
struct update_writer {
    enum update_slot slot;
    uint32_t len; /* announced; 0: no upload is open */
    uint32_t off; /* taken so far */
    uint32_t erased_to;
    uint8_t head[UPDATE_HEAD_SIZE];
    uint8_t block[TRAILER_MAX_ALIGN_MAX]; /* the beginning of a write block whose rest has not come yet */
    uint32_t block_len;
};

struct update_place {
    const struct flash_area *area;
    struct trailer_layout layout;
    int error; /* why the slot cannot be used; OK: it can */
};

struct update {
    enum update_mode mode;
    uint8_t image;            /* number of the image pair */
    enum update_slot running; /* where the running image came from */
    struct update_place places[UPDATE_SLOTS];
    uint32_t image_off; /* where the mode wants an upload, bytes from the start of its slot */
    uint32_t max_image; /* bytes of the largest image */
    struct update_writer writer;
};

/*
 * Opens the slots and brings their devices up. Of others than the running image's, one that is missing or mute is no
 * error here: it is returned by each function that needs it, and the running image can still be confirmed.
 * Returns OK; what flash_area_open, flash_init and trailer_layout_init return for the slot of the running image.
 */
int update_open(struct update *update, const struct update_config *config) ERROR_MUST_CHECK;

/* What a slot holds. Returns OK, also for a slot without image; what the slot's flash returns. */
int update_slot_read(const struct update *update, enum update_slot slot, struct image_slot *info) ERROR_MUST_CHECK;

/*
 * Where an upload goes: to the slot that holds neither the running image nor a copy of it. With backup that is E0
 * (secondary) or E1 (backup), and what it holds, the previous image, is given up.
 * Returns OK; why that slot cannot be used; what the flash returns.
 */
int update_target(const struct update *update, enum update_slot *slot) ERROR_MUST_CHECK;

/*
 * Opens an upload of `len` bytes that begins with the `head_len` bytes at `head` (at least UPDATE_HEAD_SIZE), which
 * are to be written like the rest. A request that stands is withdrawn and the slot's image is gone, in this order;
 * but nothing is erased when the upload is refused.
 * Returns OK; ERR_IMAGE_HEADER: no image; ERR_IMAGE_SIZE: the header's sizes exceed `len`; ERR_UPDATE_SIZE: larger
 * than max_image; ERR_IMAGE_VERSION: `upgrade` is set and the running image is not older; ERR_UPDATE_STATE: the slot
 * holds the image to fall back to, confirm first; what the flash returns.
 */
int update_begin(struct update *update, uint32_t len, const uint8_t *head, size_t head_len,
                 bool upgrade) ERROR_MUST_CHECK;

/*
 * Takes the next bytes; sectors are erased just ahead of them. `data` may change after the return.
 * Returns OK; ERR_UPDATE_OFFSET: no upload is open, or more bytes than announced; what the flash returns.
 * After an error the upload is closed and the slot holds no image.
 */
int update_write(struct update *update, const uint8_t *data, size_t len) ERROR_MUST_CHECK;

/*
 * Ends the upload: reads the slot back, compares its SHA-256 with `sha` (32 bytes; NULL: no comparison), and only
 * then writes the image's header. Closes the upload in any case.
 * Returns OK; ERR_UPDATE_OFFSET: bytes are missing; ERR_IMAGE_HASH: the slot does not hold what was announced; what
 * the flash returns.
 */
int update_finish(struct update *update, const uint8_t *sha) ERROR_MUST_CHECK;

/*
 * Asks the bootloader to install the image of `slot` at the next reset: to try it, or for good. A request to try it
 * becomes one for good; a request for another slot is withdrawn first. While the running image is unconfirmed the
 * previous one comes back at the next reset by itself; then there is nothing to request.
 * Returns OK; ERR_IMAGE_HEADER: the slot holds no image; ERR_IMAGE_VERSION: the bootloader would not choose it, since
 * its version is not higher; ERR_UPDATE_STATE: to try was asked, but for good stands, or the slot's image is running;
 * ERR_BOOT_TRAILER: the trailer is damaged, upload again; what the flash returns.
 */
int update_request(struct update *update, enum update_slot slot, bool permanent) ERROR_MUST_CHECK;

/* Keeps the running image. Returns OK, also when it is confirmed already; ERR_BOOT_TRAILER; what the flash returns. */
int update_confirm(struct update *update) ERROR_MUST_CHECK;

/* Whether a reset would lead to the image that runs now, were no other pending. Errors count as unconfirmed. */
bool update_is_confirmed(const struct update *update);

/* Erases a slot, a standing request first. Returns OK; ERR_UPDATE_STATE: it is running, or as update_begin; what the
 * flash returns. */
int update_erase(struct update *update, enum update_slot slot) ERROR_MUST_CHECK;

#endif
