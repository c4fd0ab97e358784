/*
 * Every flash operation of a run with what it left behind, so that the contents of flash before each of them, or after
 * a loss of power inside it, can be had without executing the firmware again.
 *
 * Relies on one thing: the external chip works on one operation at a time, and the next one begins when it is done.
 */
#ifndef VBOARD_FLASH_LOG_H
#define VBOARD_FLASH_LOG_H

#include "flash/model/nor_model.h"
#include "host/buffer.h"
#include "vboard/vboard.h"

enum flash_device_id { FLASH_INTERNAL, FLASH_EXTERNAL, FLASH_UICR, FLASH_DEVICES };

/* All flash of a board: contents, in internal flash the count of programs per word, the external chip's registers. */
struct flash_state {
    struct nor_model models[FLASH_DEVICES]; /* own what `data` points to */
    struct vboard_chip_registers registers;
};

void flash_state_init(struct flash_state *state); /* erased */
void flash_state_free(struct flash_state *state);
void flash_state_copy(struct flash_state *to, const struct flash_state *from); /* both initialized */
uint64_t flash_state_hash(const struct flash_state *state);

/* Takes every word that is not erased as programmed once: contents of unknown past. */
void flash_state_guess_programs(struct flash_state *state);

struct flash_log_entry {
    enum stats_operation kind;
    enum flash_device_id device;
    uint32_t off; /* in its device */
    uint32_t len;
    size_t result;  /* offset in `bytes` of the contents of [off, off + len) afterwards; unused by `is_erased` */
    bool is_erased; /* they are the erased value throughout */
    size_t settled; /* index of the first operation at whose begin it had taken effect; SIZE_MAX: not yet */
    struct vboard_chip_registers registers; /* when it began */
    bool is_straight;                       /* a program that goes on where the last one of its device ended */
};

struct flash_log {
    struct flash_log_entry *entries; /* owned, in order of their begin */
    size_t count;
    struct buffer bytes;
    size_t open[FLASH_DEVICES]; /* per device the entry that has not settled; SIZE_MAX: none */
};

void flash_log_init(struct flash_log *log);
void flash_log_free(struct flash_log *log);

/* Which device an operation works on, as vboard_host.operation tells it. */
enum flash_device_id flash_log_device(enum stats_operation kind, uint32_t addr);

/* For vboard_host.operation. `state` is what the board works on. */
void flash_log_add(struct flash_log *log, const struct flash_state *state, bool external_is_busy,
                   enum stats_operation kind, uint32_t addr, uint32_t len);

/* At the end of the run, when the chip is idle. */
void flash_log_end(struct flash_log *log, const struct flash_state *state);

/* A state that walks along a log. All zero: at the start, with `state` as it was when the log began. */
struct flash_walk {
    size_t at;                /* operations before this one have begun */
    size_t pending;           /* + 1: index of one that has not taken effect; 0: none */
    struct nor_model *models; /* of the state, FLASH_DEVICES */
};

/* Goes on to before operation `at` (an index, not less than walk->at). */
void flash_walk_to(struct flash_walk *walk, const struct flash_log *log, size_t at);

/*
 * `state`, a copy of the walk's, becomes what a loss of power leaves: what was still running in the external chip is
 * not started, torn or done, and the operation at the walk's position is torn or not begun. `seed` decides the damage.
 */
void flash_walk_cut(const struct flash_walk *walk, const struct flash_log *log, struct flash_state *state, bool torn,
                    uint32_t seed);

#endif
