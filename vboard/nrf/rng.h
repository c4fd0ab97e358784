/* The nRF52840's random number generator; its numbers follow the run's seed. */
#ifndef VBOARD_NRF_RNG_H
#define VBOARD_NRF_RNG_H

#include "vboard/periph.h"

struct rng {
    struct periph periph;
    struct sim_timer timer;
};

void rng_init(struct rng *rng, struct machine *machine, const char *name, uint32_t base, int irq);
void rng_free(struct rng *rng);

#endif
