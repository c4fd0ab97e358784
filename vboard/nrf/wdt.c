#include "vboard/nrf/wdt.h"

#include <stddef.h>

enum {
    START = 0x000,
    TIMEOUT = 0x100,
    RUNSTATUS = 0x400,
    REQSTATUS = 0x404,
    CRV = 0x504,
    RREN = 0x508,
    CONFIG = 0x50c,
    RR_FIRST = 0x600,
    RR_LAST = 0x61c,
};
#define RELOAD       0x6e524635U
#define RESET_AFTER  2U /* periods of the 32.768 kHz clock after TIMEOUT */
#define SMALLEST_CRV 15U

static const struct periph_row rows[] = {
    {START, START, PERIPH_TASK, 0, 0},
    {TIMEOUT, TIMEOUT, PERIPH_EVENT, 0, 0},
    {RUNSTATUS, REQSTATUS, PERIPH_READ_ONLY, 0, 0},
    {CRV, CRV, PERIPH_READ_WRITE, 0xffffffffU, 0xffffffffU},
    {RREN, RREN, PERIPH_READ_WRITE, 0xff, 1},
    {CONFIG, CONFIG, PERIPH_READ_WRITE, 9, 1},
    {RR_FIRST, RR_LAST, PERIPH_READ_WRITE, 0xffffffffU, 0},
};

static struct wdt *of(struct periph *periph)
{
    return (struct wdt *)(void *)((char *)periph - offsetof(struct wdt, periph));
}

static void arm(struct wdt *wdt, uint64_t periods)
{
    struct sim_clock *clock = &wdt->periph.machine->clock;

    sim_timer_set(clock, &wdt->timer, clock->now + periods * TICKS_PER_LF_NUMERATOR / TICKS_PER_LF_DENOMINATOR);
}

static void reload(struct wdt *wdt)
{
    wdt->requested = 0;
    wdt->timed_out = false;
    arm(wdt, (uint64_t)PERIPH_REG(&wdt->periph, CRV) + 1);
}

static void on_timer(void *ctx)
{
    struct wdt *wdt = ctx;

    if (wdt->timed_out) {
        machine_request_reset(wdt->periph.machine, RESET_WATCHDOG);
        return;
    }
    wdt->timed_out = true;
    arm(wdt, RESET_AFTER);
    periph_event(&wdt->periph, TIMEOUT);
}

static void task(struct periph *periph, uint32_t off)
{
    struct wdt *wdt = of(periph);

    (void)off;
    if (wdt->running) {
        return;
    }
    if (PERIPH_REG(periph, CRV) < SMALLEST_CRV) {
        machine_bug(periph->machine, "WDT: CRV is %u; the smallest is %u", (unsigned)PERIPH_REG(periph, CRV),
                    SMALLEST_CRV);
    }
    wdt->running = true;
    reload(wdt);
}

/* All enabled reload registers have to be written; until then REQSTATUS tells which are missing. */
static void request(struct wdt *wdt, unsigned index)
{
    uint32_t enabled = PERIPH_REG(&wdt->periph, RREN);

    if (!wdt->running || PERIPH_REG(&wdt->periph, RR_FIRST + 4 * index) != RELOAD) {
        return;
    }
    wdt->requested |= 1U << index;
    if ((enabled & ~wdt->requested) == 0) {
        stats_fed(wdt->periph.machine->stats, wdt->periph.machine->clock.now);
        reload(wdt);
    }
}

static void written(struct periph *periph, uint32_t off, uint32_t old)
{
    struct wdt *wdt = of(periph);

    if (off >= RR_FIRST) {
        request(wdt, (off - RR_FIRST) / 4);
    } else if (wdt->running && PERIPH_REG(periph, off) != old) {
        PERIPH_REG(periph, off) = old; /* locked since START */
        machine_note(periph->machine, "WDT: register 0x%03x is locked since START; the write does nothing",
                     (unsigned)off);
    }
}

static uint32_t read_register(struct periph *periph, uint32_t off, uint32_t stored)
{
    const struct wdt *wdt = of(periph);

    switch (off) {
    case RUNSTATUS:
        return wdt->running;
    case REQSTATUS:
        return wdt->running ? PERIPH_REG(periph, RREN) & ~wdt->requested : 1;
    default:
        return stored;
    }
}

static void stop(struct periph *periph, enum reset_kind kind)
{
    struct wdt *wdt = of(periph);

    (void)kind;
    wdt->running = false;
    wdt->timed_out = false;
    wdt->requested = 0;
    sim_timer_stop(&periph->machine->clock, &wdt->timer);
}

static const struct periph_model model = {
    .name = "WDT",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .reset = stop,
    .task = task,
    .written = written,
    .read = read_register,
};

void wdt_init(struct wdt *wdt, struct machine *machine, const char *name, uint32_t base, int irq)
{
    *wdt = (struct wdt){0};
    periph_init(&wdt->periph, &model, machine, name, base, irq);
    sim_timer_init(&machine->clock, &wdt->timer, on_timer, wdt);
    wdt->timer.waits_for_host = true;
}

void wdt_reset(struct wdt *wdt, enum reset_kind kind)
{
    if (kind != RESET_SOFT && kind != RESET_LOCKUP) {
        periph_reset(&wdt->periph, kind);
    }
}

void wdt_begin_running(struct wdt *wdt, uint32_t ms)
{
    PERIPH_REG(&wdt->periph, CRV) = (uint32_t)((uint64_t)ms * 32768 / 1000);
    wdt->running = true;
    reload(wdt);
}

void wdt_free(struct wdt *wdt)
{
    periph_free(&wdt->periph);
}
