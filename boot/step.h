/*
 * The steps of which updates consist. apply is one idempotent erase or copy: cut anywhere and done again, it gives the
 * same. commit is the one program that makes it true, and returns when that is durable. Shared by all modes.
 */
#ifndef BOOT_STEP_H
#define BOOT_STEP_H

#include "boot/trailer.h"

enum boot_slot_id { BOOT_PRIMARY, BOOT_SECONDARY, BOOT_BACKUP, BOOT_SLOTS };

struct boot_slot {
    const struct flash_area *area;
    struct trailer_layout layout;
    uint32_t sector;  /* bytes; 0: its sectors differ */
    uint32_t sectors; /* their number; 0: the slot does not begin and end at a sector */
};

enum boot_step_kind {
    STEP_DONE,          /* nothing is left to do */
    STEP_VERIFY,        /* the primary must hold a valid image before the next step; no flash operation */
    STEP_COPY,          /* erase in dst, copy there from src; commit: status cell, if any */
    STEP_WRITE_TRAILER, /* erase the trailer of dst; commit: `trailer` */
    STEP_ERASE_TRAILER, /* of dst */
    STEP_ERASE,         /* the sector at dst_off of dst */
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
    uint32_t len;                  /* bytes to copy; 0: only the commit */
    uint32_t status_index;         /* cell of the primary trailer */
    uint8_t status_value;          /* 0: no cell to write */
    const struct trailer *trailer; /* STEP_WRITE_TRAILER; belongs to the update */
};

/* Work space: two halves, so that one can be filled while the other is still being programmed. */
struct step_buffer {
    uint8_t *data;
    size_t size;
};

/* Both return OK and have made durable what they did; what flash areas return. */
int step_apply(const struct boot_slot slots[2], const struct boot_step *step,
               const struct step_buffer *buffer) ERROR_MUST_CHECK;
int step_commit(const struct boot_slot slots[2], const struct boot_step *step) ERROR_MUST_CHECK;

#endif
