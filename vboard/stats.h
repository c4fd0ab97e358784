/* What a run did and how long it took, as the models account it. Times in ticks of vboard/clock.h. */
#ifndef VBOARD_STATS_H
#define VBOARD_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "host/buffer.h"

/* Flash operations as power cuts number them (docs/TESTING.md, "Operation numbers"). */
enum stats_operation { OP_INT_ERASE, OP_INT_PROGRAM, OP_EXT_ERASE, OP_EXT_PROGRAM, OP_KINDS };

struct stats_device {
    uint64_t erases;
    uint64_t erased_bytes;
    uint64_t programs;
    uint64_t programmed_bytes;
    uint64_t read_bytes;
    uint64_t busy;  /* the device was erasing or programming */
    uint64_t stall; /* the processor stood still because of it */
    uint64_t chip_commands;
};

struct stats_counters {
    struct stats_device internal;
    struct stats_device external;
    uint64_t instructions;
    uint64_t uart_instructions; /* of these, executed while the UART was sending */
    uint64_t uart_time;         /* the UART was sending */
    uint64_t sleep;             /* the processor slept */
    uint64_t elapsed;
    uint64_t uart_sent;
    uint64_t uart_received;
    uint64_t first_flash_at; /* since reset; the first and the end of the last erase or program; 0: none */
    uint64_t last_flash_at;
    uint64_t feeds;         /* reloads of the running watchdog */
    uint64_t fed_at;        /* the last one, since reset */
    uint64_t longest_unfed; /* between two of them, or between reset and the first */
};

struct stats_boot {
    const char *reset;
    uint64_t start; /* since the run began */
    struct stats_counters counters;
};

struct stats_mark {
    char *text; /* owned */
    uint64_t at;
    uint64_t instructions;
    uint64_t uart_instructions;
    size_t boot; /* index */
};

struct stats {
    struct stats_boot *boots; /* owned */
    size_t boot_count;
    struct stats_mark *marks; /* owned */
    size_t mark_count;
};

void stats_free(struct stats *stats);

/* The counters of the present boot; models add to these. */
struct stats_counters *stats_now(struct stats *stats);

void stats_begin_boot(struct stats *stats, const char *reset, uint64_t now);
void stats_end_boot(struct stats *stats, uint64_t now); /* sets elapsed */
void stats_mark(struct stats *stats, const char *text, uint64_t now, uint64_t instructions, uint64_t uart_instructions);
void stats_flash_busy(struct stats *stats, uint64_t begin, uint64_t end);

/* The watchdog was reloaded. */
void stats_fed(struct stats *stats, uint64_t now);

/* The sum over all boots; of the longest time, the longest. */
struct stats_counters stats_total(const struct stats *stats);

void stats_json(const struct stats *stats, struct buffer *out);

#endif
