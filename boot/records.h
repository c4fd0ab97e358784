/*
 * What the bootloader keeps in the journal: the security counters, and the values of an update mode that has some. In
 * one place, because a page of the journal carries over only the values that are registered. docs/SPEC.md, "Journal"
 * and "Security counter".
 *
 * The security counter of an image pair is that of the last image that was confirmed. No image with a lower one is
 * installed or started, whatever asks for it.
 */
#ifndef BOOT_RECORDS_H
#define BOOT_RECORDS_H

#include <farboot/util.h>

#include "boot/journal.h"

/* On flash there is always room for four pairs: a bootloader for more of them must find what an earlier one wrote. */
#define RECORDS_IMAGES 4U
#define RECORDS_COPIES 2U /* of the counters: a damaged record must not bring back a lower one */
#define RECORDS_VALUES 4U /* the counters' and at most two of the mode */

enum records_key { RECORDS_KEY_COUNTERS = 0x10 }; /* and 0x11, the second copy */

/* Firmware that keeps nothing in a journal has no code for it. */
#define BOOT_CAN_KEEP (!IS_ENABLED(CONFIG_MCUBOOT) || IS_ENABLED(CONFIG_BOOT_JOURNAL))

struct records {
    struct journal journal; /* its error: OK when what is kept can be read and written */
    struct journal_value values[RECORDS_VALUES];
    uint32_t counters[RECORDS_COPIES][RECORDS_IMAGES];
};

/*
 * Reads everything from the journal in `area` (NULL: there is none), with `count` values of the mode, whose table and
 * data stay the mode's. On failure journal.error says why and everything is as if nothing had ever been written.
 */
void records_open(struct records *records, const struct flash_area *area, const struct journal_value *values,
                  size_t count);

/* The security counter of pair `image`; 0 when none was recorded. */
uint32_t records_counter(const struct records *records, uint8_t image);

/* Records a higher one. Returns OK, then it is durable, or there was nothing to do; what journal_write returns. */
int records_raise_counter(struct records *records, uint8_t image, uint32_t value) ERROR_MUST_CHECK;

#endif
