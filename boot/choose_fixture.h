/*
 * What the tests of the modes that choose an image have in common: a flash model with two slots and a journal, RAM
 * between guards, and images for each slot.
 */
#ifndef BOOT_CHOOSE_FIXTURE_H
#define BOOT_CHOOSE_FIXTURE_H

#include "boot/choose.h"
#include "flash/model/nor_device.h"
#include "host/buffer.h"
#include "imagetool/sign.h"

#define SECTOR      0x1000U
#define SLOT        0x2000U
#define FLASH       0x6000U  /* two slots and the journal */
#define BASE        0x10000U /* bus address of the flash */
#define RAM_BASE    0x20000000U
#define RAM_SIZE    0x2000U
#define RAM_GUARD   0x100U
#define HEADER_SIZE 0x80U
#define PAYLOAD     900U

/* Sectors of the flash. */
extern const struct flash_range choose_ranges[1];

/* Lines of the log that call a load address invalid. */
extern unsigned choose_invalid_addresses;

/* What a slot may hold. */
enum content { NOTHING, LOWER, HIGHER, BROKEN, MISPLACED, CONTENTS };

struct fixture {
    struct nor_power power;
    struct nor_device device;
    uint8_t data[FLASH];
    struct flash_area area[2];
    struct flash_area journal;
    const uint32_t *counter; /* of the images made next; NULL: none */
    struct signing_key *key;
    struct buffer key_der;
    struct boot_key boot_key;
    struct buffer image[2][CONTENTS]; /* by slot that it is for */
    uint8_t ram[RAM_SIZE + 2 * RAM_GUARD];
    uint8_t buffer[256];
    struct boot_areas areas;
    struct boot_config config;
    struct boot_result result;
};

/* Aborts the test when it cannot be made; the image is the caller's. Runs at `address`. */
struct buffer choose_make_image(struct fixture *f, uint8_t major, uint32_t address, uint32_t load_addr, size_t len);

/* Erased flash, and images for the slots or, with `ram`, for the start of the RAM. choose_stop frees it. */
struct fixture *choose_start(const struct choice_mode *mode, bool ram);
void choose_stop(struct fixture *f);

/* Every way a trailer can read, as bytes: index in base 3. */
#define TRAILERS 81U

void choose_put_slot(struct fixture *f, size_t slot, enum content content, unsigned trailer);

/* boot_choose without a cut; the model saw nothing forbidden. */
int choose_boot(struct fixture *f);

bool choose_is_valid(enum content content);

#endif
