/* POWER, CLOCK and RESET (one page of registers): reset reasons, retained registers, oscillators. */
#ifndef VBOARD_NRF_POWER_H
#define VBOARD_NRF_POWER_H

#include "vboard/periph.h"

/* Which registers there are, and what they mean: see power.c. */
struct power_kind;
extern const struct power_kind power_kind_nrf52;
extern const struct power_kind power_kind_nrf53;

enum { POWER_HFCLKCTRL = 0x558, POWER_HFCLK192MCTRL = 0x5b8 }; /* nRF53: log2 of the dividers of 128 and 192 MHz */

struct power {
    const struct power_kind *kind;
    struct periph periph;
    struct sim_timer hfclk;
    struct sim_timer lfclk;
    bool off; /* System OFF: nothing but a reset ends it */
};

void power_init(struct power *power, struct machine *machine, const struct power_kind *kind, const char *name,
                uint32_t base, int irq);
void power_reset(struct power *power, enum reset_kind kind); /* instead of periph_reset: some registers are kept */
void power_free(struct power *power);

#endif
