/* The nRF52840's POWER and CLOCK (one page of registers): reset reasons, retained registers, oscillators. */
#ifndef VBOARD_NRF_POWER_H
#define VBOARD_NRF_POWER_H

#include "vboard/periph.h"

struct power {
    struct periph periph;
    struct sim_timer hfclk;
    struct sim_timer lfclk;
    bool off; /* System OFF: nothing but a reset ends it */
};

void power_init(struct power *power, struct machine *machine);
void power_reset(struct power *power, enum reset_kind kind); /* instead of periph_reset: some registers are kept */
void power_free(struct power *power);

#endif
