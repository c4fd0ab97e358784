/*
 * What the swap modes share: what the trailers ask for, how a swap begins and how it is completed. A mode adds where
 * images lie and in which order units are exchanged. Rules: docs/SPEC.md, "Decision" and "Swaps".
 */
#ifndef BOOT_SWAP_H
#define BOOT_SWAP_H

#include "boot/mode.h"

/* Bytes in units of `unit`, rounded up. */
uint32_t swap_units(uint32_t bytes, uint32_t unit);

static inline uint32_t swap_smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Start of the first sector with a part of the slot's trailer, where sectors are equal. */
uint32_t swap_first_trailer_sector(const struct boot_slot *slot);

/*
 * For modes that need slots of equal sectors, the one with up to one more than the other: `more` is how many the slot
 * that may have it has more. As boot_mode.check.
 */
int swap_check_equal_sectors(const struct boot *boot, uint32_t more) ERROR_MUST_CHECK;

/* Whether an image of this size may have been in a swap. */
bool swap_size_is_possible(const struct boot *boot, uint32_t swap_size);

/* Type, done and so on from the primary trailer, of a swap that was begun. */
void swap_take_over(struct boot *boot, const struct trailer *from);

/* As boot_mode.classify; `announces_revert`: the secondary's trailer says "revert", in a way that is the mode's own. */
void swap_classify(struct boot *boot, bool announces_revert);

/* What a request in the secondary asks for, whatever else its trailer says. */
enum swap_type swap_requested(const struct trailer *secondary);

/* As boot_mode.start. */
int swap_start(struct boot *boot, const struct image *source);

/* Whether the primary trailer is the one that preparation makes of it. */
bool swap_primary_is_ready(const struct update *update);

/* The steps before the first copy, for modes that announce a revert in the secondary's trailer. */
void swap_plan_preparation(const struct update *update, struct boot_step *step);

/* The steps behind the last copy. */
void swap_plan_completion(const struct update *update, struct boot_step *step);

/* As boot_mode.advance. */
void swap_advance(struct update *update, const struct boot_step *step);

/* The functions of swap using offset, see struct boot_mode. */
int swap_offset_check(const struct boot *boot) ERROR_MUST_CHECK;
void swap_offset_classify(struct boot *boot);
uint32_t swap_offset_source_off(const struct boot *boot, enum swap_type type);
uint32_t swap_offset_source_limit(const struct boot *boot, enum swap_type type);
int swap_offset_start(struct boot *boot, const struct image *source) ERROR_MUST_CHECK;
void swap_offset_resume(struct boot *boot);
void swap_offset_measure(struct update *update);
void swap_offset_plan(const struct update *update, struct boot_step *step);

/* For boot_mode_swap_offset, and for firmware of this mode (boot/chosen.h). */
#define SWAP_OFFSET_MODE                                                                                               \
    {                                                                                                                  \
        .start_line = "Starting swap using offset algorithm.", .rules = &swap_rules_offset, .status_steps = 2,         \
        .has_tlv_sizes = true, .can_revert = true, .check = swap_offset_check, .classify = swap_offset_classify,       \
        .source_off = swap_offset_source_off, .source_limit = swap_offset_source_limit, .start = swap_offset_start,    \
        .resume = swap_offset_resume, .measure = swap_offset_measure, .plan = swap_offset_plan,                        \
        .advance = swap_advance,                                                                                       \
    }

#endif
