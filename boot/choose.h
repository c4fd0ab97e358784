/*
 * Modes that choose an image instead of moving one: of each pair the best image that is valid is started where it lies
 * (boot/direct_xip.c) or from RAM (boot/ram_load.c). What they share, and nobody else sees. docs/SPEC.md, "Choosing".
 */
#ifndef BOOT_CHOOSE_H
#define BOOT_CHOOSE_H

#include <farboot/util.h>

#include "boot/boot.h"
#include "boot/image.h"
#include "boot/step.h"

/* What a trailer says of an image's claim to be started; a higher one goes before any version. */
enum choice_rank {
    CHOICE_FAILED,      /* it was started and did not confirm itself */
    CHOICE_UNREQUESTED, /* nobody asked for it: programmed without a trailer, or its upload is not complete */
    CHOICE_REQUESTED,   /* to be tried, or confirmed */
};

struct choice_slot {
    struct boot_slot flash;
    struct trailer trailer;
    uint32_t address; /* on the bus; 0: not to be executed in place */
    struct image image;
    enum choice_rank rank;
    int error;      /* OK: a candidate; otherwise why it is none */
    bool is_marked; /* as tried, in this boot */
};

/* A range of RAM that holds a loaded image. */
struct choice_range {
    uint32_t address;
    uint32_t len;
};

/* All image pairs in one boot. */
struct choice {
    const struct boot_config *config;
    struct boot_result *result;
    struct records *records; /* NULL: this bootloader keeps none */
    struct pair {
        struct choice_slot slots[2]; /* by enum boot_slot_id */
        struct choice_slot *chosen;
        struct image running;       /* where it runs: in the slot, or the copy in RAM */
        struct choice_range loaded; /* RAM load: by it; len 0: nothing */
        uint32_t address;           /* on the bus, of `running` */
        hardened_bool is_verified;  /* `running` is */
        uint8_t index;
    } pairs[BOOT_IMAGES_MAX];
    struct flash_geometry ram_geometry; /* RAM load: the executable RAM as something images are read from */
    struct flash_device ram_device;
    struct flash_area ram_area;
};

struct choice_mode {
    bool has_revert;

    /* Before the first image. NULL: nothing to do. */
    void (*begin)(struct choice *choice);

    /*
     * Brings the image of `slot` to where it would run: sets running and address of the pair. Nothing is verified yet.
     * Returns OK; ERR_IMAGE_ADDRESS: it is not made for that place; what flash areas return.
     */
    int (*place)(struct choice *choice, struct pair *pair, const struct choice_slot *slot) ERROR_MUST_CHECK;

    /* Takes away again what was placed and turned out not to be valid. NULL: nothing to do. */
    void (*discard)(struct choice *choice, struct pair *pair);
};

/* The mode of this boot, as boot_mode says it of the modes that update. */
static inline const struct choice_mode *choice_mode(const struct boot_config *config)
{
    if (IS_ENABLED(CONFIG_BOOT_DIRECT_XIP)) {
        return IS_ENABLED(CONFIG_BOOT_DIRECT_XIP_REVERT) ? &choice_direct_xip_revert : &choice_direct_xip;
    }
    if (IS_ENABLED(CONFIG_BOOT_RAM_LOAD)) {
        return IS_ENABLED(CONFIG_BOOT_RAM_LOAD_REVERT) ? &choice_ram_load_revert : &choice_ram_load;
    }
    return config->choice;
}

/* With one pair the loops over pairs are not compiled. */
static inline size_t choice_pairs(const struct boot_config *config)
{
    return BOOT_IMAGES_MAX == 1 ? 1 : config->image_count;
}

/* Pure; total over every trailer. `is_marked`: the cell that stands for copy_done is not erased. */
enum choice_rank choice_rank(const struct trailer *trailer, bool is_marked);

/* The candidate that goes before the other one; NULL: there is none. */
const struct choice_slot *choice_best_of(const struct pair *pair);

/*
 * The best set of candidates, one of each pair, in which all dependencies are met: bit i is the slot of pair i.
 * Returns false when there is none.
 */
bool choice_best_set(const struct choice *choice, unsigned *best);
const struct choice_slot *choice_of_set(const struct choice *choice, unsigned set, size_t index);

/*
 * The reset vector must point into the image's own payload at `address`, and the table be where a processor can use
 * it. Returns OK; ERR_IMAGE_ADDRESS; what flash_area_read returns.
 */
int choice_check_vectors(const struct image *image, uint32_t address) ERROR_MUST_CHECK;

#endif
