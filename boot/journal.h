/*
 * The journal: a few values that survive power losses at any instant, in a partition of their own on the primary's
 * device. A log of records in two pages; of each value the last record counts. Bits are in docs/SPEC.md, "Journal".
 *
 * The caller registers every value that may occur; opening fills them from flash, once, and from then on what is in RAM
 * is what is true: a record that power cut short may read differently the next time. Therefore
 *
 *   - before anything is done that depends on what was read, journal_restate: it writes down what was read;
 *   - the first write of a boot restates the other values as well, and so does a change of pages;
 *   - before an image is started, journal_settle: a seal behind the last record says that it was completed;
 *   - no place is programmed in which a program may have been cut short, also when it reads erased.
 *
 * Opening programs and erases nothing.
 */
#ifndef BOOT_JOURNAL_H
#define BOOT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/flash_area.h>

#define JOURNAL_VALUE_MAX       336U /* bytes of one value */
#define JOURNAL_WRITE_BLOCK_MAX 128U

struct journal_value {
    void *data;    /* the caller's; flash layout, that is, without padding */
    uint16_t size; /* bytes, 1 to JOURNAL_VALUE_MAX */
    uint8_t key;   /* names the value on flash, see SPEC; each once */
};

struct journal {
    const struct flash_area *area;
    uint32_t used; /* slots that somebody may have programmed */
    uint8_t erased_value;
    bool has_page;      /* one counts */
    bool has_previous;  /* the other one does as well, or is erased: it is certain to hold nothing newer */
    bool is_restated;   /* every value was written in this boot */
    bool is_settled;    /* every later boot is certain to read what is in RAM */
    int error;          /* of opening or a write; none is tried after it */
    uint32_t block;     /* write block, bytes */
    uint32_t slot_size; /* bytes */
    uint32_t slots;     /* of a page */
    uint32_t all_slots; /* that all values take */
    uint32_t page_size; /* bytes */
    uint32_t page;      /* the one that counts, bytes from the start of the area */
    uint32_t generation;
    const struct journal_value *values;
    size_t value_count;
};

/*
 * Reads the journal in `area`, whatever it holds, into `values`. A page is half of the area. What is unreadable is not
 * there; a value without a record is all zero. `area` and `values` are used until the journal is no longer.
 * Returns OK; ERR_BOOT_GEOMETRY: the area is not two equal runs of sectors, or they have no room for twice the values.
 */
int journal_open(struct journal *journal, const struct flash_area *area, const struct journal_value *values,
                 size_t count) ERROR_MUST_CHECK;

/*
 * Makes the present contents of `value`, one of those registered, the ones that count, and returns when that is
 * durable. Cut short, it has happened or not; the other values stay as they are. After an error the journal is to be
 * opened again. Returns OK; ERR_FLASH_IO also when the flash does not hold what was programmed; what flash areas
 * return.
 */
int journal_write(struct journal *journal, const struct journal_value *value) ERROR_MUST_CHECK;

/*
 * Before an image is started: from now on every boot reads what is in RAM. Writes nothing when that is so already.
 * Returns what journal_write returns.
 */
int journal_settle(struct journal *journal) ERROR_MUST_CHECK;

/* Writes down what was read, unless this boot has done so. Returns what journal_write returns. */
int journal_restate(struct journal *journal) ERROR_MUST_CHECK;

#endif
