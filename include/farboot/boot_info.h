/*
 * What the bootloader tells the application about the boot that led to it: MCUboot's shared data area (docs/SPEC.md,
 * "Boot information"), in RAM that survives the jump. Written with CONFIG_BOOT_SHARE_DATA_BOOTINFO.
 */
#ifndef FARBOOT_BOOT_INFO_H
#define FARBOOT_BOOT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/image_format.h>

#define BOOT_INFO_IMAGES_MAX  4
#define BOOT_INFO_MODE_BACKUP 128 /* upgrade with backup, which MCUboot has no number for */

/* What became of one image pair. */
struct boot_info_outcome {
    uint8_t performed; /* 1 nothing, 2 test, 3 permanent, 4 revert: as in a trailer's swap_info */
    int refused;       /* <farboot/error.h>: why a request was refused or postponed; OK: none was */
};

struct boot_info {
    uint8_t mode;           /* MCUboot's number of the update mode, as in SMP; BOOT_INFO_MODE_BACKUP */
    uint8_t signature_type; /* 2: ECDSA P-256 */
    uint8_t running_slot;   /* 0 primary, 1 secondary */

    /* Farboot's own; image_count 0: another bootloader wrote the rest. */
    uint8_t image_count;
    uint32_t boot_ms;             /* from reset to the jump */
    uint32_t update_ms;           /* of it, moving images; 0: nothing was moved */
    struct image_version version; /* of the image that was started */
    struct boot_info_outcome outcome[BOOT_INFO_IMAGES_MAX];
};

/* Bytes that the area must have. */
#define BOOT_INFO_SIZE 64

/* Fills `area` (BOOT_INFO_SIZE bytes). `image_count` is 1 to BOOT_INFO_IMAGES_MAX. */
void boot_info_write(void *area, const struct boot_info *info);

/*
 * Reads an area that may hold anything: it survives resets, and nothing protects it. Returns false when it holds no
 * boot information; entries that are missing or malformed are zero in `info`.
 */
bool boot_info_read_untrusted(const void *area, size_t size, struct boot_info *info);

#endif
