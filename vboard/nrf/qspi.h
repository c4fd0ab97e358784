/*
 * The nRF52840's QSPI controller: EasyDMA transfers, custom instructions, deep power-down and the execute-in-place
 * window, in terms of bytes on the lines to one chip.
 */
#ifndef VBOARD_NRF_QSPI_H
#define VBOARD_NRF_QSPI_H

#include "vboard/periph.h"

/* What the board connects to the six pins. */
struct qspi_wires {
    void *ctx;
    uint32_t sck, csn, io[4]; /* PSEL values */
    void (*select)(void *ctx);
    uint8_t (*shift)(void *ctx, uint8_t out, unsigned lines);
    void (*deselect)(void *ctx);
    void (*set_io3)(void *ctx, bool high);
};

enum qspi_job { QSPI_IDLE, QSPI_ACTIVATE, QSPI_READ, QSPI_WRITE, QSPI_ERASE, QSPI_CUSTOM, QSPI_SLEEP };

struct qspi {
    struct periph periph;
    struct qspi_wires wires;
    const struct periph *clock;
    struct sim_timer timer;
    bool active;
    bool asleep; /* STATUS.DPM */
    enum qspi_job job;
    bool polling;    /* the timer's end is a look at WIP, not the end of a transfer */
    bool frame_open; /* long-frame mode: chip select is low */
    uint64_t transfer_begin;
    uint32_t flash_addr, ram_addr, left;
    uint8_t status_read;
};

#define QSPI_XIP_SIZE 0x08000000U

/* `clock`: the nRF53's POWER, whose 192 MHz the controller runs on; NULL: it has 32 MHz of its own. */
void qspi_init(struct qspi *qspi, struct machine *machine, const char *name, uint32_t base, int irq,
               const struct periph *clock, const struct qspi_wires *wires);
void qspi_free(struct qspi *qspi);

/* To be called before a reset that leaves the chip powered: what is on the lines ends here. */
void qspi_stop(struct qspi *qspi);

/* A read of the execute-in-place window, `addr` from its start. */
uint32_t qspi_xip_read(struct qspi *qspi, uint32_t addr, unsigned size);

bool qspi_is_working(const struct qspi *qspi);

#endif
