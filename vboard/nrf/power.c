#include "vboard/nrf/power.h"

#include <stddef.h>

enum {
    HFCLKSTART = 0x000,
    HFCLKSTOP = 0x004,
    LFCLKSTART = 0x008,
    LFCLKSTOP = 0x00c,
    CAL = 0x010,
    HFCLK192MSTART = 0x020,
    HFCLK192MSTOP = 0x024,
    CONSTLAT = 0x078,
    LOWPWR = 0x07c,
    HFCLKSTARTED = 0x100,
    LFCLKSTARTED = 0x104,
    DONE = 0x10c,
    DONE_NRF53 = 0x11c,
    HFCLK192MSTARTED = 0x124, /* USBPWRRDY in an nRF52 */
    RESETREAS = 0x400,
    HFCLKRUN = 0x408,
    HFCLKSTAT = 0x40c,
    LFCLKRUN = 0x414,
    LFCLKSTAT = 0x418,
    LFCLKSRCCOPY = 0x41c,
    HFCLK192MSTAT = 0x45c,
    RAMSTATUS = 0x428,
    USBREGSTATUS = 0x438,
    SYSTEMOFF = 0x500,
    POFCON = 0x510,
    HFCLKSRC = 0x514,
    LFCLKSRC = 0x518,
    GPREGRET = 0x51c,
    GPREGRET2 = 0x520,
    HFXODEBOUNCE = 0x528,
    CTIV = 0x538,
    FORCEPROTECT = 0x550,
    DISABLE = 0x558,
    TRACECONFIG = 0x55c,
    DCDCEN = 0x578,
    DCDCEN0 = 0x580,
    HFCLKALWAYSRUN = 0x570,
    HFCLK192MALWAYSRUN = 0x584,
    LFRCMODE = 0x5b4,
    FORCEOFF = 0x614,
    MAINREGSTATUS = 0x640,
    RAM_FIRST = 0x900,
    RAM_LAST = 0x988,
};

#define STATE_RUNNING (1U << 16)
#define HFXO_US       360U /* start-up of the 32 MHz crystal (general knowledge of the product specification) */
#define LFCLK_US      600U /* start-up of the 32 kHz RC oscillator, the same */

static const struct periph_row nrf52_rows[] = {
    {HFCLKSTART, CAL, PERIPH_TASK, 0, 0},
    {CONSTLAT, LOWPWR, PERIPH_TASK, 0, 0},
    {HFCLKSTARTED, HFCLK192MSTARTED, PERIPH_EVENT, 0, 0},
    {RESETREAS, RESETREAS, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {HFCLKRUN, HFCLKSTAT, PERIPH_READ_ONLY, 0, 0},
    {LFCLKRUN, LFCLKSRCCOPY, PERIPH_READ_ONLY, 0, 0},
    {RAMSTATUS, RAMSTATUS, PERIPH_READ_ONLY, 0, 0xf},
    {USBREGSTATUS, USBREGSTATUS, PERIPH_READ_ONLY, 0, 0},
    {SYSTEMOFF, SYSTEMOFF, PERIPH_READ_WRITE, 1, 0},
    {POFCON, POFCON, PERIPH_READ_WRITE, 0xfff, 0},
    {LFCLKSRC, LFCLKSRC, PERIPH_READ_WRITE, 0x30003, 0},
    {GPREGRET, GPREGRET2, PERIPH_READ_WRITE, 0xff, 0},
    {HFXODEBOUNCE, HFXODEBOUNCE, PERIPH_READ_WRITE, 0xff, 0x10},
    {CTIV, CTIV, PERIPH_READ_WRITE, 0x7f, 0},
    {FORCEPROTECT, FORCEPROTECT, PERIPH_READ_WRITE, 0xff, 0},
    {DISABLE, DISABLE, PERIPH_READ_WRITE, 0xff, 0},
    {TRACECONFIG, TRACECONFIG, PERIPH_READ_WRITE, 0x30003, 0},
    {DCDCEN, DCDCEN0, PERIPH_READ_WRITE, 1, 0},
    {LFRCMODE, LFRCMODE, PERIPH_READ_WRITE, 0x10001, 0},
    {MAINREGSTATUS, MAINREGSTATUS, PERIPH_READ_ONLY, 0, 0},
    {RAM_FIRST, RAM_LAST, PERIPH_READ_WRITE, 0xffffffffU, 0xffff},
};

/* The network core's FORCEOFF does nothing; that of System OFF is a register of REGULATORS. */
static const struct periph_row nrf53_rows[] = {
    {HFCLKSTART, HFCLK192MSTOP, PERIPH_TASK, 0, 0},
    {CONSTLAT, LOWPWR, PERIPH_TASK, 0, 0},
    {HFCLKSTARTED, HFCLK192MSTARTED, PERIPH_EVENT, 0, 0},
    {RESETREAS, RESETREAS, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {HFCLKRUN, HFCLKSTAT, PERIPH_READ_ONLY, 0, 0},
    {LFCLKRUN, LFCLKSRCCOPY, PERIPH_READ_ONLY, 0, 0},
    {HFCLK192MSTAT, HFCLK192MSTAT, PERIPH_READ_ONLY, 0, 0},
    {HFCLKSRC, LFCLKSRC, PERIPH_READ_WRITE, 3, 1},
    {GPREGRET, GPREGRET2, PERIPH_READ_WRITE, 0xff, 0},
    {POWER_HFCLKCTRL, POWER_HFCLKCTRL, PERIPH_READ_WRITE, 1, 1},
    {HFCLKALWAYSRUN, HFCLK192MALWAYSRUN, PERIPH_READ_WRITE, 3, 0},
    {POWER_HFCLK192MCTRL, POWER_HFCLK192MCTRL, PERIPH_READ_WRITE, 3, 2},
    {FORCEOFF, FORCEOFF, PERIPH_READ_WRITE, 1, 1},
};

struct power_kind {
    const struct periph_model *model;
    uint32_t done;       /* the event of a calibration's end */
    uint32_t reasons[5]; /* the bit of RESETREAS that each enum reset_kind sets; power-on sets none and clears all */
};

static struct power *of(struct periph *periph)
{
    return (struct power *)(void *)((char *)periph - offsetof(struct power, periph));
}

static void hfclk_started(void *ctx)
{
    struct power *power = ctx;

    PERIPH_REG(&power->periph, HFCLKSTAT) = STATE_RUNNING | 1;
    periph_event(&power->periph, HFCLKSTARTED);
}

static void lfclk_started(void *ctx)
{
    struct power *power = ctx;

    PERIPH_REG(&power->periph, LFCLKSTAT) = STATE_RUNNING | (PERIPH_REG(&power->periph, LFCLKSRC) & 3);
    periph_event(&power->periph, LFCLKSTARTED);
}

static void start_in(struct periph *periph, struct sim_timer *timer, uint32_t us)
{
    sim_timer_set(&periph->machine->clock, timer, periph->machine->clock.now + (uint64_t)us * TICKS_PER_US);
}

static void task(struct periph *periph, uint32_t off)
{
    struct power *power = of(periph);

    switch (off) {
    case HFCLKSTART:
        PERIPH_REG(periph, HFCLKRUN) = 1;
        start_in(periph, &power->hfclk, HFXO_US);
        break;
    case HFCLKSTOP:
        PERIPH_REG(periph, HFCLKRUN) = 0;
        PERIPH_REG(periph, HFCLKSTAT) = STATE_RUNNING; /* the internal oscillator goes on */
        break;
    case LFCLKSTART:
        PERIPH_REG(periph, LFCLKRUN) = 1;
        PERIPH_REG(periph, LFCLKSRCCOPY) = PERIPH_REG(periph, LFCLKSRC);
        start_in(periph, &power->lfclk, LFCLK_US);
        break;
    case LFCLKSTOP:
        PERIPH_REG(periph, LFCLKRUN) = 0;
        PERIPH_REG(periph, LFCLKSTAT) = 0;
        break;
    case CAL:
        periph_event(periph, of(periph)->kind->done);
        break;
    case HFCLK192MSTART:
        PERIPH_REG(periph, HFCLK192MSTAT) = STATE_RUNNING;
        periph_event(periph, HFCLK192MSTARTED);
        break;
    default:
        break;
    }
}

static void written(struct periph *periph, uint32_t off, uint32_t old)
{
    if (off == RESETREAS) {
        PERIPH_REG(periph, off) = old & ~PERIPH_REG(periph, off);
    } else if (off == SYSTEMOFF && PERIPH_REG(periph, off) == 1) {
        of(periph)->off = true;
        sim_clock_stop_soon(&periph->machine->clock);
    }
}

static void reset(struct periph *periph, enum reset_kind kind)
{
    (void)kind;
    of(periph)->off = false;
    PERIPH_REG(periph, HFCLKSTAT) = STATE_RUNNING;
    sim_timer_stop(&periph->machine->clock, &of(periph)->hfclk);
    sim_timer_stop(&periph->machine->clock, &of(periph)->lfclk);
}

#define MODEL(table)                                                                                                   \
    {                                                                                                                  \
        .name = "POWER", .rows = (table), .row_count = sizeof(table) / sizeof((table)[0]), .reset = reset,             \
        .task = task, .written = written                                                                               \
    }
static const struct periph_model nrf52_model = MODEL(nrf52_rows);
static const struct periph_model nrf53_model = MODEL(nrf53_rows);

const struct power_kind power_kind_nrf52 = {
    &nrf52_model,
    DONE,
    {[RESET_PIN] = 1U << 0, [RESET_WATCHDOG] = 1U << 1, [RESET_SOFT] = 1U << 2, [RESET_LOCKUP] = 1U << 3},
};
const struct power_kind power_kind_nrf53 = {
    &nrf53_model,
    DONE_NRF53,
    {[RESET_PIN] = 1U << 0, [RESET_WATCHDOG] = 1U << 1, [RESET_SOFT] = 1U << 3, [RESET_LOCKUP] = 1U << 4},
};

void power_init(struct power *power, struct machine *machine, const struct power_kind *kind, const char *name,
                uint32_t base, int irq)
{
    *power = (struct power){.kind = kind};
    periph_init(&power->periph, kind->model, machine, name, base, irq);
    sim_timer_init(&machine->clock, &power->hfclk, hfclk_started, power);
    sim_timer_init(&machine->clock, &power->lfclk, lfclk_started, power);
}

/*
 * Reset behaviour (general knowledge of the product specification's table): RESETREAS accumulates and is lost with
 * power only; GPREGRET is kept by soft reset and lock-up.
 */
void power_reset(struct power *power, enum reset_kind kind)
{
    uint32_t reason = PERIPH_REG(&power->periph, RESETREAS);
    uint32_t retained = PERIPH_REG(&power->periph, GPREGRET);
    uint32_t retained2 = PERIPH_REG(&power->periph, GPREGRET2);

    periph_reset(&power->periph, kind);
    if (kind != RESET_POWER_ON) {
        PERIPH_REG(&power->periph, RESETREAS) = reason | power->kind->reasons[kind];
    }
    if (kind == RESET_SOFT || kind == RESET_LOCKUP) {
        PERIPH_REG(&power->periph, GPREGRET) = retained;
        PERIPH_REG(&power->periph, GPREGRET2) = retained2;
    }
}

void power_free(struct power *power)
{
    periph_free(&power->periph);
}
