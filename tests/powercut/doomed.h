/*
 * What no boot reads again before it erases it: while the journal says that images are being copied, the part of the
 * stretch at which the copying stands that is about to be written, and the trailers. docs/TESTING.md, "upgrade with
 * backup", says why. Holds for boots that reach the external flash.
 */
#ifndef TESTS_POWERCUT_DOOMED_H
#define TESTS_POWERCUT_DOOMED_H

#include "boot/backup.h"
#include "tests/powercut/world.h"

/* Whole sectors of a slot, bytes from its start; `end` 0: nothing. */
struct doomed_range {
    uint32_t off;
    uint32_t end;
};

struct doomed {
    bool are_trailers; /* of all three slots */
    struct doomed_range primary;
    struct doomed_range backup; /* the slot that takes the old image */
    unsigned backup_area;
};

/* What is doomed while every boot reads these values from the journal; one image pair. */
struct doomed doomed_of(const struct world *world, const struct backup_state *state,
                        const struct backup_progress *progress);

/* More than any journal dooms, and what is doomed by both: for a journal of which it is not certain what it says. */
struct doomed doomed_all(void);
void doomed_meet(struct doomed *doomed, const struct doomed *other);

/*
 * All that matters of what is doomed: whether the primary reads as one of the images all the same, for boots that do
 * not reach the external flash, and whether something may waver that the judge of a boot makes allowance for.
 */
uint64_t doomed_says(const struct world *world, const struct doomed *doomed);

#endif
