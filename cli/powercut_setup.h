/*
 * What `farboot powercut` starts from: the map of the user's build, the flash that her files make, and an update put
 * where an application would have put it, with the request that it would have made.
 */
#ifndef CLI_POWERCUT_SETUP_H
#define CLI_POWERCUT_SETUP_H

#include "cli/options.h"
#include "vboard/campaign.h"

#define SETUP_AREAS_MAX 32

/* From partitions.yml: what the bootloader may change. The primary slot of the updated pair is the first area. */
struct setup_map {
    struct campaign_area areas[SETUP_AREAS_MAX];
    size_t count;
    size_t slot;   /* of the update */
    unsigned pair; /* of images, that is updated */
};

/*
 * Reads `path`, or when it is NULL the partitions.yml found beside the first of `files` or in a folder above it.
 * `pair` is updated; `slot`: name of the partition that receives the update, NULL: the pair's secondary. Returns OK,
 * ERR_HOST_FILE, ERR_HOST_INPUT (line in `failure`).
 */
int setup_read_map(struct setup_map *map, const char *path, const struct cli_words *files, unsigned pair,
                   const char *slot, struct failure *failure) ERROR_MUST_CHECK;

/* Flash of `dir` (may be NULL) with the files over it. Returns OK, ERR_HOST_FILE, ERR_HOST_INPUT. */
int setup_read_flash(struct flash_state *flash, const char *board, const char *dir, const struct cli_words *files,
                     struct failure *failure) ERROR_MUST_CHECK;

/*
 * Puts `update` at `off` of the map's slot and requests it as an application does. Returns OK, ERR_HOST_INPUT (it does
 * not fit, or the slot holds another trailer; line in `failure`).
 */
int setup_place(struct flash_state *flash, const struct setup_map *map, const struct buffer *update, uint32_t off,
                bool permanent, struct failure *failure) ERROR_MUST_CHECK;

/*
 * Whether the update will look different in its slot, because it is sent encrypted. Returns OK, ERR_HOST_INPUT (it is
 * the image that is there already), what image_parse returns (line in `failure`).
 */
int setup_check_update(const struct buffer *update, const struct nor_model *primary, const struct campaign_area *slot,
                       bool *encrypted, struct failure *failure) ERROR_MUST_CHECK;

/*
 * Tells the campaign how to know the image that begins at `data`, of at most `len` bytes. Returns OK, what image_parse
 * returns (line in `failure`).
 */
int setup_tell_image(struct campaign *campaign, enum campaign_image which, const uint8_t *data, size_t len,
                     struct failure *failure) ERROR_MUST_CHECK;

#endif
