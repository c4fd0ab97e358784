/*
 * What the models of a virtual board may ask of the board they are part of: time, interrupts, RAM for DMA, resets, the
 * count of flash operations, and a way to say that the firmware did what silicon would not do.
 */
#ifndef VBOARD_MACHINE_H
#define VBOARD_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/random.h"
#include "vboard/clock.h"
#include "vboard/cpu.h"
#include "vboard/stats.h"
#include "vboard/v7m.h"

enum reset_kind { RESET_POWER_ON, RESET_PIN, RESET_WATCHDOG, RESET_SOFT, RESET_LOCKUP };

/* What power does at a flash operation. */
enum flash_fate {
    FLASH_DONE,
    FLASH_NOT_STARTED, /* power is gone before it; do nothing */
    FLASH_TORN,        /* power is lost inside it; use `seed` of machine_flash_operation */
};

/* Sentences for a person, without newline. */
struct machine_reporter {
    void *ctx;
    void (*bug)(void *ctx, const char *text);
    void (*note)(void *ctx, const char *text);
    enum flash_fate (*flash_operation)(void *ctx, enum stats_operation kind, uint32_t off, uint32_t len,
                                       uint32_t *seed);
};

struct machine {
    struct sim_clock clock;
    struct cpu cpu;
    struct v7m v7m;
    struct random random;
    struct machine_reporter reporter;
    struct stats *stats;
    uint32_t ram_base;
    uint32_t ram_size;
    uint8_t *ram;
    bool power_lost; /* until the next reset nothing has any effect */
    bool reset_pending;
    enum reset_kind reset_kind;
};

void machine_set_irq(struct machine *machine, unsigned irq, bool level);

/* EasyDMA's view of memory: Data RAM only. NULL elsewhere. */
uint8_t *machine_dma(const struct machine *machine, uint32_t addr, uint32_t len);
void machine_dma_written(struct machine *machine, uint32_t addr, uint32_t len);

/* The firmware did what silicon would not do: ends the run unless the user wants to go on. */
void machine_bug(struct machine *machine, const char *format, ...) __attribute__((format(printf, 2, 3)));
void machine_note(struct machine *machine, const char *format, ...) __attribute__((format(printf, 2, 3)));

void machine_request_reset(struct machine *machine, enum reset_kind kind);

/* The processor waits: time passes, everything else goes on. */
void machine_stall(struct machine *machine, uint64_t ns);

/* Counts a flash operation that begins now, and tells whether power is lost there. */
enum flash_fate machine_flash_operation(struct machine *machine, enum stats_operation kind, uint32_t off, uint32_t len,
                                        uint32_t *seed);

#endif
