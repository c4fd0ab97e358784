/*
 * Virtual boards: programs that execute the real firmware binary. A board is created from a configuration, loaded,
 * and run until something happens; the `farboot board` command, tests and cut campaigns are faces of this interface.
 *
 * A board with its own (not file-backed) flash costs about 10 MiB and a millisecond to create; many runs from one
 * snapshot pass copies of the flash contents in the configuration.
 */
#ifndef VBOARD_VBOARD_H
#define VBOARD_VBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/failure.h"
#include "host/memory_image.h"
#include "vboard/range.h"
#include "vboard/stats.h"

/* State of the external flash chip when the run begins. */
enum vboard_ext_flash {
    VBOARD_EXT_PRESENT,
    VBOARD_EXT_NONE,     /* nothing drives the data lines: reads give ff */
    VBOARD_EXT_NONE_LOW, /* the same, reads give 00 */
    VBOARD_EXT_ASLEEP,   /* in deep power-down */
    VBOARD_EXT_BUSY,     /* in the middle of erasing its last block */
    VBOARD_EXT_4BYTE,    /* in 4-byte address mode */
    VBOARD_EXT_READING,  /* in a continuous read on four lines */
    VBOARD_EXT_FOREIGN,  /* a chip with another JEDEC ID */
};

/* Power is lost at the `number`th operation (from 1) of the given kinds (1 << enum stats_operation). */
struct vboard_cut {
    uint32_t kinds;
    uint64_t number;
};

enum vboard_channel {
    VBOARD_NARRATION, /* starts, resets, cuts, marks */
    VBOARD_WARNING,   /* what the user should know and silicon would bear */
    VBOARD_FIRMWARE_BUG,
    VBOARD_TRACE, /* every flash operation, chip command and exception */
};

enum vboard_host_state {
    VBOARD_HOST_ALIVE, /* input may come; while the board sleeps its time keeps step with the world's */
    VBOARD_HOST_DEAF,  /* no input will ever come; did not wait */
    VBOARD_HOST_STOP,  /* the run shall end */
};

/* The world outside the board. Any function may be NULL. */
struct vboard_host {
    void *ctx;
    void (*output)(void *ctx, uint8_t byte);                                /* from the console UART */
    void (*line)(void *ctx, enum vboard_channel channel, const char *text); /* without newline */
    bool wants_trace;
    /*
     * Gives the host a chance to call vboard_uart_input: waits at most `timeout_ms` (0: not at all, -1: until there is
     * something). NULL is the same as a function that always returns VBOARD_HOST_DEAF.
     */
    enum vboard_host_state (*poll)(void *ctx, int timeout_ms);
    /* A flash operation begins; contents are still those before it. `addr`: of the bus, or in the external chip. */
    void (*operation)(void *ctx, enum stats_operation kind, uint32_t addr, uint32_t len);
};

/* What the external chip keeps without power beside its array. */
struct vboard_chip_registers {
    bool is_known; /* false: as it left the factory */
    uint8_t status;
    uint8_t status2;
    uint8_t config; /* of the first configuration register, what cannot be taken back */
};

struct vboard_config {
    const char *board; /* a name of vboard_names() */
    uint8_t *internal; /* flash contents, borrowed; NULL: the board's own, erased */
    uint8_t *uicr;     /* the same */
    uint8_t *external; /* the same */
    enum vboard_ext_flash ext_flash;
    struct vboard_chip_registers ext_registers;
    uint32_t seed;                 /* of RAM contents at power-on, random numbers, torn operations */
    bool keep_going;               /* after a firmware bug */
    const struct vboard_cut *cuts; /* borrowed; one power-on after the other */
    size_t cut_count;
    bool torn;                /* cuts happen inside the operation, not before it */
    bool stop_at_cut;         /* instead of power coming back */
    const char *cut_from;     /* operations count from when the console printed this; NULL: from power-on */
    const char *const *marks; /* borrowed texts whose time of printing goes into the statistics */
    size_t mark_count;
    bool slow_flash;                    /* operations take the data sheets' maximum times, not the typical ones */
    uint32_t watchdog_ms;               /* an earlier life of the firmware left the watchdog running; 0: not */
    uint32_t pressed_buttons;           /* bit n: button n + 1 is held down */
    const struct vboard_range *stop_in; /* borrowed; the run ends before code of these ranges is executed */
    size_t stop_in_count;
    size_t resets_max; /* the run ends (VBOARD_CIRCLING) when there are more after power came on; 0: any number */
    const uint8_t
        *word_programs; /* borrowed; programs of each word of internal flash since it was erased; NULL: none */
    struct vboard_host host;
};

enum vboard_end {
    VBOARD_RUNNING,
    VBOARD_UNTIL,    /* the text was printed */
    VBOARD_TIMEOUT,  /* modelled time is up */
    VBOARD_BUG,      /* the firmware did what silicon would not do */
    VBOARD_CUT,      /* power was cut, and stop_at_cut is set */
    VBOARD_IDLE,     /* asleep for ever: nothing is due and no input can come */
    VBOARD_OFF,      /* System OFF */
    VBOARD_ENTERED,  /* about to execute code of `stop_in`; there is no going on from here */
    VBOARD_CIRCLING, /* more resets than resets_max */
    VBOARD_STOPPED,  /* the host asked for it, or called vboard_stop */
    VBOARD_BROKEN,   /* the engine failed: a defect of the model */
};

struct vboard;

/* Board names, ended by NULL, and a line about each. */
const char *const *vboard_names(void);
const char *vboard_summary(const char *name);

#define VBOARD_INTERNAL_SIZE 0x100000U
#define VBOARD_UICR_SIZE     0x1000U
#define VBOARD_EXTERNAL_SIZE 0x800000U

/* Returns OK and the board in `out` (to be freed); ERR_HOST_INPUT (no such board; line in `failure`). */
int vboard_create(const struct vboard_config *config, struct vboard **out, struct failure *failure) ERROR_MUST_CHECK;
void vboard_free(struct vboard *board);

/*
 * Puts an image into internal flash, UICR or (at its execute-in-place window) external flash, over what is there.
 * Returns OK, ERR_HOST_INPUT (outside of these; line in `failure`).
 */
int vboard_load(struct vboard *board, const struct memory_image *image, struct failure *failure) ERROR_MUST_CHECK;

/*
 * Runs; the first call switches power on. `until` may be NULL. `timeout_ns` is modelled time from now, 0: none. After
 * VBOARD_UNTIL, VBOARD_TIMEOUT, VBOARD_STOPPED, VBOARD_IDLE the run can be continued by another call; after VBOARD_CUT
 * that call switches power on again.
 */
enum vboard_end vboard_run(struct vboard *board, const char *until, uint64_t timeout_ns);

void vboard_uart_input(struct vboard *board, const uint8_t *data, size_t len);

/* From a function of the host: the run ends soon, as VBOARD_STOPPED. */
void vboard_stop(struct vboard *board);

/* Between runs: power off and on again; the reset pin. */
void vboard_power_cycle(struct vboard *board);
void vboard_pin_reset(struct vboard *board);

/* The contents of internal flash, UICR, external flash; the board's until it is freed. */
uint8_t *vboard_internal(struct vboard *board);
uint8_t *vboard_uicr(struct vboard *board);
uint8_t *vboard_external(struct vboard *board);

/* Programs of each word of internal flash since its erase, for another board's config.word_programs; the board's. */
const uint8_t *vboard_word_programs(const struct vboard *board);

/* For another board's config.ext_registers. */
struct vboard_chip_registers vboard_ext_registers(const struct vboard *board);

/* The start of the block of code that is being executed; after VBOARD_ENTERED, of the one that would be next. */
uint32_t vboard_pc(const struct vboard *board);

/* The contents of RAM or internal flash at [addr, addr + len), NULL outside of them; the board's. */
const uint8_t *vboard_memory(const struct vboard *board, uint32_t addr, uint32_t len);

/* Whether the external chip is erasing or programming. After a run, vboard_settle lets it finish. */
bool vboard_external_is_busy(const struct vboard *board);
void vboard_settle(struct vboard *board);

/* The accounts up to now; the board's. */
const struct stats *vboard_stats(struct vboard *board);
uint64_t vboard_now_ns(const struct vboard *board);

/* "N", "erase:N", "program:N", "int:N", "ext:N", "int-erase:N", ...: false when the text is none of these. */
bool vboard_cut_parse(const char *text, struct vboard_cut *cut);

#endif
