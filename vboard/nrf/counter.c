#include "vboard/nrf/counter.h"

#include <stddef.h>

enum {
    START = 0x000,
    STOP = 0x004,
    CLEAR_RTC = 0x008, /* COUNT in a TIMER */
    CLEAR_TIMER = 0x00c,
    SHUTDOWN = 0x010,
    CAPTURE = 0x040,
    CAPTURE_LAST = 0x054,
    TICK = 0x100,
    COMPARE = 0x140,
    COMPARE_LAST = 0x154,
    EVTEN = 0x340,
    EVTENCLR = 0x348,
    MODE = 0x504,    /* COUNTER in an RTC */
    BITMODE = 0x508, /* PRESCALER in an RTC */
    PRESCALER_TIMER = 0x510,
    CC = 0x540,
    CC_LAST = 0x554,
};
#define RTC_MASK 0xffffffU

static const struct periph_row timer_rows[] = {
    {START, SHUTDOWN, PERIPH_TASK, 0, 0},
    {CAPTURE, CAPTURE_LAST, PERIPH_TASK, 0, 0},
    {COMPARE, COMPARE_LAST, PERIPH_EVENT, 0, 0},
    {PERIPH_SHORTS, PERIPH_SHORTS, PERIPH_READ_WRITE, 0x3f3f, 0},
    {MODE, BITMODE, PERIPH_READ_WRITE, 3, 0},
    {PRESCALER_TIMER, PRESCALER_TIMER, PERIPH_READ_WRITE, 0xf, 4},
    {CC, CC_LAST, PERIPH_READ_WRITE, 0xffffffffU, 0},
};

static const struct periph_row rtc_rows[] = {
    {START, CLEAR_TIMER, PERIPH_TASK, 0, 0},       {TICK, TICK + 4, PERIPH_EVENT, 0, 0},
    {COMPARE, COMPARE + 12, PERIPH_EVENT, 0, 0},   {EVTEN, EVTENCLR, PERIPH_READ_WRITE, 0xf0003, 0},
    {MODE, MODE, PERIPH_READ_ONLY, 0, 0},          {BITMODE, BITMODE, PERIPH_READ_WRITE, 0xfff, 0},
    {CC, CC + 12, PERIPH_READ_WRITE, RTC_MASK, 0},
};

static struct counter *of(struct periph *periph)
{
    return (struct counter *)(void *)((char *)periph - offsetof(struct counter, periph));
}

static uint32_t mask(const struct counter *counter)
{
    static const uint32_t timer_masks[] = {0xffff, 0xff, 0xffffff, 0xffffffffU};

    return counter->is_rtc ? RTC_MASK : timer_masks[PERIPH_REG(&counter->periph, BITMODE) & 3];
}

/* One count takes numerator / denominator ticks. */
static uint64_t numerator(const struct counter *counter)
{
    if (counter->is_rtc) {
        return ((uint64_t)PERIPH_REG(&counter->periph, BITMODE) + 1) * TICKS_PER_LF_NUMERATOR;
    }
    return (uint64_t)4 << PERIPH_REG(&counter->periph, PRESCALER_TIMER); /* 64 MHz ticks of a 16 MHz clock */
}

static uint64_t denominator(const struct counter *counter)
{
    return counter->is_rtc ? TICKS_PER_LF_DENOMINATOR : 1;
}

/* Counts since base, not wrapped. */
static uint64_t counts(const struct counter *counter)
{
    uint64_t passed = counter->periph.machine->clock.now - counter->base;

    return counter->running ? passed * denominator(counter) / numerator(counter) : 0;
}

static uint32_t value(const struct counter *counter)
{
    return (uint32_t)(counter->start + counts(counter)) & mask(counter);
}

static uint64_t counts_to_compare(const struct counter *counter, unsigned index)
{
    uint32_t wanted = PERIPH_REG(&counter->periph, CC + 4 * index) & mask(counter);
    uint64_t distance = (wanted - value(counter)) & mask(counter);

    return distance == 0 ? (uint64_t)mask(counter) + 1 : distance;
}

static unsigned compares(const struct counter *counter)
{
    return counter->is_rtc ? 4 : COUNTER_COMPARES;
}

/* A compare that interrupts nobody and triggers nothing needs no event of its own; see catch_up. */
static bool acts(const struct counter *counter, unsigned index)
{
    uint32_t shorts = counter->is_rtc ? 0 : PERIPH_REG(&counter->periph, PERIPH_SHORTS);

    return (counter->periph.inten >> (16 + index) & 1) != 0 || (shorts >> index & 0x101) != 0;
}

/* Sets the events of compares that were passed unnoticed since the last look. */
static void catch_up(struct counter *counter)
{
    uint64_t end = counter->start + counts(counter);

    for (unsigned i = 0; i < compares(counter); i++) {
        uint32_t wanted = PERIPH_REG(&counter->periph, CC + 4 * i);

        if (!acts(counter, i) && end - counter->looked > ((wanted - counter->looked - 1) & mask(counter))) {
            periph_event(&counter->periph, COMPARE + 4 * i);
        }
    }
    counter->looked = end;
}

/* Arms the timer for the compare that comes first. */
static void schedule(struct counter *counter)
{
    struct sim_clock *clock = &counter->periph.machine->clock;
    uint64_t nearest = SIM_NEVER;

    for (unsigned i = 0; counter->running && i < compares(counter); i++) {
        uint64_t distance = acts(counter, i) ? counts_to_compare(counter, i) : SIM_NEVER;

        nearest = distance < nearest ? distance : nearest;
    }
    if (nearest == SIM_NEVER) {
        sim_timer_stop(clock, &counter->timer);
        return;
    }
    nearest = (counts(counter) + nearest) * numerator(counter);
    sim_timer_set(clock, &counter->timer, counter->base + (nearest + denominator(counter) - 1) / denominator(counter));
}

static void set_count(struct counter *counter, uint32_t count)
{
    counter->start = count;
    counter->looked = count;
    counter->base = counter->periph.machine->clock.now;
}

static void on_timer(void *ctx)
{
    struct counter *counter = ctx;
    uint32_t shorts = counter->is_rtc ? 0 : PERIPH_REG(&counter->periph, PERIPH_SHORTS);
    uint32_t count = value(counter);

    for (unsigned i = 0; i < compares(counter); i++) {
        if (!acts(counter, i) || (PERIPH_REG(&counter->periph, CC + 4 * i) & mask(counter)) != count) {
            continue;
        }
        periph_event(&counter->periph, COMPARE + 4 * i);
        if ((shorts >> i & 1) != 0) {
            set_count(counter, 0);
        }
        if ((shorts >> (8 + i) & 1) != 0) {
            set_count(counter, value(counter));
            counter->running = false;
        }
    }
    schedule(counter);
}

static void set_running(struct counter *counter, bool running)
{
    if (running != counter->running) {
        set_count(counter, value(counter));
        counter->running = running;
    }
}

static void task(struct periph *periph, uint32_t off)
{
    struct counter *counter = of(periph);

    catch_up(counter);
    if (off == START) {
        set_running(counter, true);
    } else if (off == STOP || off == SHUTDOWN) {
        set_running(counter, false);
    } else if (off == (counter->is_rtc ? CLEAR_RTC : CLEAR_TIMER)) {
        set_count(counter, 0);
    } else if (off >= CAPTURE) {
        PERIPH_REG(periph, CC + (off - CAPTURE)) = value(counter);
    } else {
        machine_note(periph->machine, "%s: task 0x%03x is not modelled", periph->name, (unsigned)off);
    }
    schedule(counter);
}

static void written(struct periph *periph, uint32_t off, uint32_t old)
{
    bool shape = off == BITMODE || off == PRESCALER_TIMER;

    if (shape && PERIPH_REG(periph, off) != old && of(periph)->running) {
        machine_bug(periph->machine, "%s: PRESCALER and BITMODE are for a stopped counter", periph->name);
    }
    if (off == MODE && PERIPH_REG(periph, MODE) != 0) {
        machine_note(periph->machine, "%s: counter mode is not modelled", periph->name);
    }
    schedule(of(periph));
}

static uint32_t read_register(struct periph *periph, uint32_t off, uint32_t stored)
{
    if (off >= COMPARE && off <= COMPARE_LAST) {
        catch_up(of(periph));
        return PERIPH_REG(periph, off);
    }
    return off == MODE && of(periph)->is_rtc ? value(of(periph)) : stored;
}

static void schedule_again(struct periph *periph)
{
    catch_up(of(periph));
    schedule(of(periph));
}

static void reset(struct periph *periph, enum reset_kind kind)
{
    struct counter *counter = of(periph);

    (void)kind;
    counter->running = false;
    counter->start = 0;
    counter->looked = 0;
    sim_timer_stop(&periph->machine->clock, &counter->timer);
}

static const struct periph_model timer_model = {
    .name = "TIMER",
    .rows = timer_rows,
    .row_count = sizeof(timer_rows) / sizeof(timer_rows[0]),
    .reset = reset,
    .task = task,
    .written = written,
    .read = read_register,
    .interrupts_changed = schedule_again,
};
static const struct periph_model rtc_model = {
    .name = "RTC",
    .rows = rtc_rows,
    .row_count = sizeof(rtc_rows) / sizeof(rtc_rows[0]),
    .reset = reset,
    .task = task,
    .written = written,
    .read = read_register,
    .interrupts_changed = schedule_again,
};

static void init(struct counter *counter, const struct periph_model *model, struct machine *machine, const char *name,
                 uint32_t base, int irq)
{
    *counter = (struct counter){.is_rtc = model == &rtc_model};
    periph_init(&counter->periph, model, machine, name, base, irq);
    sim_timer_init(&machine->clock, &counter->timer, on_timer, counter);
    counter->timer.waits_for_host = true;
}

void counter_init_timer(struct counter *counter, struct machine *machine, const char *name, uint32_t base, int irq)
{
    init(counter, &timer_model, machine, name, base, irq);
}

void counter_init_rtc(struct counter *counter, struct machine *machine, const char *name, uint32_t base, int irq)
{
    init(counter, &rtc_model, machine, name, base, irq);
}

void counter_free(struct counter *counter)
{
    periph_free(&counter->periph);
}
