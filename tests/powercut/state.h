/*
 * States of a world, copy-on-write: a state is a list of pages (contents, wear and unstable bits of NOR_PAGE bytes),
 * and pages of the same contents are kept once. Taking a state costs the pages that changed since the last one.
 */
#ifndef TESTS_POWERCUT_STATE_H
#define TESTS_POWERCUT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flash/model/nor_device.h"

/* Of the contents; the same contents have the same key. 128 bits: that two states share one is not to be expected. */
struct state_key {
    uint64_t word[2];
};

/* Page numbers, for the devices one after the other. */
struct state {
    uint32_t *pages; /* owned; each is counted once. NULL: no state */
    struct state_key key;
};

struct page {
    uint64_t hash[2];
    uint8_t *data; /* contents, then program counts, then unstable bits */
    uint32_t len;
    uint32_t users;
    uint32_t next; /* in its chain, or in the list of free ones */
    bool has_unstable;
};

/* A page that changed: what it was before. */
struct state_change {
    uint32_t at;
    uint32_t page;
};

/* What a world holds: all pages, and which of them are in the arrays now. */
struct state_store {
    struct nor_device *const *devices;
    size_t device_count;
    uint32_t first[NOR_POWER_DEVICES + 1]; /* page of each device */

    struct page *pages;
    uint32_t page_count;
    uint32_t page_capacity;
    uint32_t free_pages;
    uint32_t *chains;

    struct state now; /* as at the last state_settle */
    struct state_change *changes;
    size_t change_count;
    uint8_t *scratch;
};

/* Devices must track (nor_model_track) and stay. The store takes their present contents. */
void state_store_init(struct state_store *store, struct nor_device *const *devices, size_t count);
void state_store_free(struct state_store *store);

/* Brings `now` up to date with the arrays. */
void state_settle(struct state_store *store);

/* The present contents, after state_settle. The copy is freed by state_drop. */
void state_take(struct state_store *store, struct state *state);
void state_drop(struct state_store *store, struct state *state);

/* The part in `now`'s key of whole pages: `len` bytes from `off` of a device (by its number on the supply). */
struct state_key state_key_of(const struct state_store *store, size_t device, uint32_t off, uint32_t len);

/* Puts contents back; nothing runs on the devices afterwards. */
void state_restore(struct state_store *store, const struct state *state);

/* Between them nothing but state_settle: whatever was written since state_mark is taken back. */
void state_mark(struct state_store *store);
void state_undo(struct state_store *store);

#endif
