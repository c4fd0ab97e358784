/*
 * The steps of which updates consist. apply is one idempotent erase or copy: cut anywhere and done again, it gives the
 * same. commit is the one program that makes it true, and returns when that is durable. Shared by all modes.
 */
#ifndef BOOT_STEP_H
#define BOOT_STEP_H

#include <farboot/util.h>

#include "boot/trailer.h"

enum boot_slot_id { BOOT_PRIMARY, BOOT_SECONDARY, BOOT_BACKUP, BOOT_SCRATCH, BOOT_SLOTS };

/* Whether there can be a scratch area. Firmware of another mode does without what only scratch needs. */
static inline bool boot_has_scratch(void)
{
    return IS_ENABLED(CONFIG_BOOT_SWAP_USING_SCRATCH) || !IS_ENABLED(CONFIG_MCUBOOT);
}

struct boot_slot {
    const struct flash_area *area;
    struct trailer_layout layout;
    uint32_t sector;  /* bytes; 0: its sectors differ */
    uint32_t sectors; /* their number; 0: the slot does not begin and end at a sector */
    uint32_t sizes;   /* of all of them, ored: a power of 2 that divides this divides each */
};

enum boot_step_kind {
    STEP_DONE,          /* nothing is left to do */
    STEP_VERIFY,        /* the primary must hold a valid image before the next step; no flash operation */
    STEP_COPY,          /* erase in dst, copy there from src; commit: `trailer`, if any, then status cell, if any */
    STEP_FILL,          /* the same into what is erased already */
    STEP_WRITE_TRAILER, /* erase the trailer of dst; commit: `trailer` */
    STEP_ERASE_TRAILER, /* of dst */
    STEP_ERASE,         /* the sectors in which dst_off to dst_off + len of dst lie, the last one first */
    STEP_STATUS,        /* commit only: a status cell of the primary */
    STEP_MAGIC,         /* commit only: magic of dst */
    STEP_IMAGE_OK,      /* commit only: flag of the primary */
    STEP_COPY_DONE,     /* commit only: flag of the primary */
};

struct boot_step {
    enum boot_step_kind kind;
    enum boot_slot_id dst;
    enum boot_slot_id src;
    uint32_t dst_off; /* bytes from the start of the slot, at a sector */
    uint32_t src_off;
    uint32_t len;                  /* bytes to copy or to erase; 0 to copy: only the commit */
    enum boot_slot_id status_slot; /* whose trailer has the cell */
    uint32_t status_index;
    uint8_t status_value;          /* 0: no cell to write */
    const struct trailer *trailer; /* what the trailer of dst becomes; belongs to the update */
};

/* Work space: two halves, so that one can be filled while the other is still being programmed. */
struct step_buffer {
    uint8_t *data;
    size_t size;
};

/* Both return OK and have made durable what they did; what flash areas return. */
int step_apply(const struct boot_slot slots[BOOT_SLOTS], const struct boot_step *step,
               const struct step_buffer *buffer) ERROR_MUST_CHECK;
int step_commit(const struct boot_slot slots[BOOT_SLOTS], const struct boot_step *step) ERROR_MUST_CHECK;

#endif
