#include "vboard/nrf/rng.h"

#include <stddef.h>

enum { START = 0x000, STOP = 0x004, VALRDY = 0x100, CONFIG = 0x504, VALUE = 0x508 };
#define SHORT_VALRDY_STOP 1U
#define PLAIN_US          30U  /* per byte (general knowledge of the product specification) */
#define CORRECTED_US      120U /* with bias correction, the same */

static const struct periph_row rows[] = {
    {START, STOP, PERIPH_TASK, 0, 0},
    {VALRDY, VALRDY, PERIPH_EVENT, 0, 0},
    {PERIPH_SHORTS, PERIPH_SHORTS, PERIPH_READ_WRITE, 1, 0},
    {CONFIG, CONFIG, PERIPH_READ_WRITE, 1, 0},
    {VALUE, VALUE, PERIPH_READ_ONLY, 0, 0},
};

static struct rng *of(struct periph *periph)
{
    return (struct rng *)(void *)((char *)periph - offsetof(struct rng, periph));
}

static void next(struct rng *rng)
{
    struct sim_clock *clock = &rng->periph.machine->clock;
    uint32_t us = PERIPH_REG(&rng->periph, CONFIG) != 0 ? CORRECTED_US : PLAIN_US;

    sim_timer_set(clock, &rng->timer, clock->now + (uint64_t)us * TICKS_PER_US);
}

static void on_timer(void *ctx)
{
    struct rng *rng = ctx;

    PERIPH_REG(&rng->periph, VALUE) = (uint32_t)random_next(&rng->periph.machine->random) & 0xff;
    periph_event(&rng->periph, VALRDY);
    if ((PERIPH_REG(&rng->periph, PERIPH_SHORTS) & SHORT_VALRDY_STOP) == 0) {
        next(rng);
    }
}

static void task(struct periph *periph, uint32_t off)
{
    if (off == START) {
        next(of(periph));
    } else {
        sim_timer_stop(&periph->machine->clock, &of(periph)->timer);
    }
}

static void reset(struct periph *periph, enum reset_kind kind)
{
    (void)kind;
    sim_timer_stop(&periph->machine->clock, &of(periph)->timer);
}

static const struct periph_model model = {
    .name = "RNG",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .reset = reset,
    .task = task,
};

void rng_init(struct rng *rng, struct machine *machine, const char *name, uint32_t base, int irq)
{
    *rng = (struct rng){0};
    periph_init(&rng->periph, &model, machine, name, base, irq);
    sim_timer_init(&machine->clock, &rng->timer, on_timer, rng);
}

void rng_free(struct rng *rng)
{
    periph_free(&rng->periph);
}
