/*
 * The bootloader core: finishes or begins what the trailers ask for, and finds the image to run. Portable C11; needs
 * flash areas, crypto/, hardened/ and log_line, and nothing else of the target. No heap, no state between calls.
 *
 *     boot_go: open slots -> read state -> { plan_next -> apply -> commit }* -> verify primary -> result
 *
 * The damage model and the reasoning are in docs/DESIGN.md and docs/SPEC.md.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/flash_area.h>
#include <farboot/image_format.h>
#include <farboot/util.h>

#include "boot/trailer.h"
#include "boot/verify.h"

/* How an image gets from the secondary slot to the primary. Each is one file. */
struct boot_mode;
extern const struct boot_mode boot_mode_swap_offset;
extern const struct boot_mode boot_mode_swap_move;
extern const struct boot_mode boot_mode_swap_scratch; /* wants boot_config.scratch */
extern const struct boot_mode boot_mode_overwrite;
extern const struct boot_mode boot_mode_backup;

/* How an image is chosen that is not moved to the primary. Each is one file. */
struct choice_mode;
extern const struct choice_mode choice_direct_xip;
extern const struct choice_mode choice_direct_xip_revert;
extern const struct choice_mode choice_ram_load;
extern const struct choice_mode choice_ram_load_revert;

/* Image pairs that are updated together, at most. */
#ifndef CONFIG_UPDATEABLE_IMAGE_NUMBER
#define CONFIG_UPDATEABLE_IMAGE_NUMBER 4
#endif
#define BOOT_IMAGES_MAX CONFIG_UPDATEABLE_IMAGE_NUMBER

/* Where one image pair lives. */
struct boot_areas {
    const struct flash_area *primary;
    const struct flash_area *secondary; /* NULL: not reachable in this boot; the primary then boots as it is */
    const struct flash_area *backup;    /* upgrade with backup: the other external slot; NULL as above */
    uint32_t primary_address;   /* on the bus, where its image runs: the slot's, or that of RAM it is copied to */
    uint32_t secondary_address; /* direct XIP: the same of the secondary */
};

/* RAM that images may be loaded to: nothing of it is used by anybody else before the jump. */
struct boot_ram {
    uint8_t *memory;  /* where the bootloader reaches it */
    uint32_t address; /* where the image runs from; on a target the same */
    uint32_t size;    /* bytes */
};

/* Everything is constant during boot_go and stays the caller's. */
struct boot_config {
    const struct boot_areas *images;  /* by image index; the first one is started */
    size_t image_count;               /* 1 to BOOT_IMAGES_MAX */
    const struct boot_mode *mode;     /* NULL where Kconfig chooses it */
    const struct choice_mode *choice; /* for boot_choose; NULL as well */
    struct boot_ram ram;              /* RAM load, and boot_copy_to_ram */
    const struct flash_area *scratch; /* swap using scratch, one for all images; NULL: there is none */

    const struct boot_key *keys; /* whose images are accepted */
    size_t key_count;

    const struct flash_area *journal; /* the partition boot_journal; NULL: nothing is kept */

    uint8_t *buffer;    /* work space for copying and hashing, aligned to 4 bytes */
    size_t buffer_size; /* bytes: two halves, each a multiple of every write block; 1 KiB is as fast as more */

    /* For boot_outcome.update_us, modulo 2^32; NULL: it is not measured (host programs, and firmware without
     * CONFIG_BOOT_SHARE_DATA_BOOTINFO). */
    uint32_t (*clock_us)(void);

    uint32_t max_sectors;       /* CONFIG_BOOT_MAX_IMG_SECTORS, shapes the trailer; 0: the larger slot's sectors */
    bool overwrite_whole;       /* overwrite only: erase what the image does not use as well */
    bool overwrite_keeps_image; /* overwrite only: the image stays in the secondary, without its request */

    /* For host programs; firmware does not read them, see BOOT_OPTION. */
    bool validate_primary;     /* verify the primary at each boot (CONFIG_BOOT_VALIDATE_SLOT0) */
    bool downgrade_prevention; /* refuse requests for a lower version (CONFIG_MCUBOOT_DOWNGRADE_PREVENTION) */
    bool verify_address;       /* refuse images whose reset vector is outside of where they would run */
    bool security_counter; /* refuse images below the counter that is kept (CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION) */
};

/* One of these options: in firmware a constant, Kconfig's, and without code for what is not chosen. */
#define BOOT_OPTION(config, field, chosen) (IS_ENABLED(CONFIG_MCUBOOT) ? IS_ENABLED(chosen) : (config)->field)

/* What became of one image pair in this boot. */
struct boot_outcome {
    enum swap_type performed; /* what was completed; SWAP_NONE: nothing */
    int refused;              /* why a request was refused and cleared, or postponed; OK: none was */
    uint32_t update_us;       /* how long images were moved; 0: none was */
};

struct boot_result {
    hardened_bool is_verified;  /* the image may run; an error code is for the message, this is for the decision */
    uint32_t image_off;         /* of the image to run, bytes from the start of its device */
    uint32_t address;           /* on the bus, of its header where it runs */
    uint8_t slot;               /* that it came from: 0 primary, 1 secondary */
    struct image_header header; /* of that image */
    struct boot_outcome outcome[BOOT_IMAGES_MAX]; /* by image index */
};

/*
 * Returns OK and an image that was verified in this boot; ERR_BOOT_NO_IMAGE: there is none, `result` then says only
 * what was refused; what flash areas return, when the primary's device fails.
 */
int boot_go(const struct boot_config *config, struct boot_result *result) ERROR_MUST_CHECK;

/*
 * The same for the modes that choose: of each pair the best valid image, where it lies or copied to RAM, and nothing
 * written but trailer flags and what was refused. With an error only what was refused is said.
 */
int boot_choose(const struct boot_config *config, struct boot_result *result) ERROR_MUST_CHECK;

/*
 * After boot_go or boot_single, where flash cannot run code: copies the image they `found` to RAM and verifies it
 * there. `result` is `found` but for where the image runs, and that it may run only if the copy is valid: give another
 * one, so that without this call there is nothing to start. Returns OK; ERR_BOOT_NO_IMAGE: the copy is not valid, or
 * not that image; what flash areas return.
 */
int boot_copy_to_ram(const struct boot_config *config, const struct boot_result *found,
                     struct boot_result *result) ERROR_MUST_CHECK;

/* The same for one primary slot and nothing else; images, keys, buffer and validate_primary count. */
int boot_single(const struct boot_config *config, struct boot_result *result) ERROR_MUST_CHECK;

#endif
