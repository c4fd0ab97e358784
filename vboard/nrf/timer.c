#include "vboard/nrf/timer.h"

#include <stddef.h>

enum {
    START = 0x000,
    STOP = 0x004,
    COUNT = 0x008,
    CLEAR = 0x00c,
    SHUTDOWN = 0x010,
    CAPTURE = 0x040,
    CAPTURE_LAST = 0x054,
    COMPARE = 0x140,
    COMPARE_LAST = 0x154,
    MODE = 0x504,
    BITMODE = 0x508,
    PRESCALER = 0x510,
    CC = 0x540,
    CC_LAST = 0x554,
};

static const struct periph_row rows[] = {
    {START, SHUTDOWN, PERIPH_TASK, 0, 0},
    {CAPTURE, CAPTURE_LAST, PERIPH_TASK, 0, 0},
    {COMPARE, COMPARE_LAST, PERIPH_EVENT, 0, 0},
    {PERIPH_SHORTS, PERIPH_SHORTS, PERIPH_READ_WRITE, 0x3f3f, 0},
    {MODE, MODE, PERIPH_READ_WRITE, 3, 0},
    {BITMODE, BITMODE, PERIPH_READ_WRITE, 3, 0},
    {PRESCALER, PRESCALER, PERIPH_READ_WRITE, 0xf, 4},
    {CC, CC_LAST, PERIPH_READ_WRITE, 0xffffffffU, 0},
};

static struct timer *of(struct periph *periph)
{
    return (struct timer *)(void *)((char *)periph - offsetof(struct timer, periph));
}

/* Ticks of one count: 16 MHz / 2^prescaler. */
static uint64_t unit(const struct timer *timer)
{
    return (TICKS_PER_US / 16U) << PERIPH_REG(&timer->periph, PRESCALER);
}

static uint64_t mask(const struct timer *timer)
{
    static const uint64_t masks[] = {0xffff, 0xff, 0xffffff, 0xffffffff};

    return masks[PERIPH_REG(&timer->periph, BITMODE)];
}

/* Counts since it began, not wrapped. */
static uint64_t counted(const struct timer *timer)
{
    uint64_t now = timer->periph.machine->clock.now;

    return timer->base + (timer->running ? (now - timer->since) / unit(timer) : 0);
}

/* The compare is reached when the counter gets to its value, also after a wrap; not by being equal already. */
static void arm(struct timer *timer, unsigned index)
{
    struct sim_clock *clock = &timer->periph.machine->clock;
    uint64_t wrap = mask(timer);
    uint64_t count = counted(timer);
    uint64_t ahead = ((PERIPH_REG(&timer->periph, CC + 4 * index) - count - 1) & wrap) + 1;

    if (timer->running) {
        sim_timer_set(clock, &timer->channels[index].due, timer->since + (count - timer->base + ahead) * unit(timer));
    } else {
        sim_timer_stop(clock, &timer->channels[index].due);
    }
}

static void arm_all(struct timer *timer)
{
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        arm(timer, i);
    }
}

static void set_count(struct timer *timer, uint64_t count, bool running)
{
    timer->base = count & mask(timer);
    timer->since = timer->periph.machine->clock.now;
    timer->running = running;
    arm_all(timer);
}

static void reached(void *ctx)
{
    struct timer_channel *channel = ctx;
    struct timer *timer = channel->timer;
    uint32_t shorts = PERIPH_REG(&timer->periph, PERIPH_SHORTS);

    periph_event(&timer->periph, COMPARE + 4 * channel->index);
    if ((shorts >> channel->index & 0x101) != 0) {
        set_count(timer, (shorts >> channel->index & 1) != 0 ? 0 : counted(timer),
                  timer->running && (shorts >> channel->index & 0x100) == 0);
    } else {
        arm(timer, channel->index);
    }
}

static void task(struct periph *periph, uint32_t off)
{
    struct timer *timer = of(periph);

    if (off == START && PERIPH_REG(periph, MODE) != 0) {
        machine_note(periph->machine, "%s: counter mode is not modelled", periph->name);
    } else if (off == START) {
        set_count(timer, counted(timer), true);
    } else if (off == STOP || off == SHUTDOWN) {
        set_count(timer, counted(timer), false);
    } else if (off == CLEAR) {
        set_count(timer, 0, timer->running);
    } else if (off >= CAPTURE && off <= CAPTURE_LAST) {
        PERIPH_REG(periph, CC + off - CAPTURE) = (uint32_t)(counted(timer) & mask(timer));
        arm(timer, (off - CAPTURE) / 4);
    }
}

static void written(struct periph *periph, uint32_t off, uint32_t old)
{
    struct timer *timer = of(periph);

    if (off >= CC && off <= CC_LAST) {
        arm(timer, (off - CC) / 4);
    } else if ((off == PRESCALER || off == BITMODE) && PERIPH_REG(periph, off) != old && timer->running) {
        machine_bug(periph->machine, "%s: PRESCALER and BITMODE are for a stopped timer", periph->name);
    }
}

static void reset(struct periph *periph, enum reset_kind kind)
{
    (void)kind;
    set_count(of(periph), 0, false);
}

static const struct periph_model model = {
    "TIMER", rows, sizeof(rows) / sizeof(rows[0]), reset, task, written, NULL,
};

void timer_init(struct timer *timer, struct machine *machine, const char *name, uint32_t base, int irq)
{
    *timer = (struct timer){0};
    periph_init(&timer->periph, &model, machine, name, base, irq);
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        timer->channels[i].timer = timer;
        timer->channels[i].index = i;
        sim_timer_init(&machine->clock, &timer->channels[i].due, reached, &timer->channels[i]);
        timer->channels[i].due.waits_for_host = true;
    }
}

void timer_free(struct timer *timer)
{
    periph_free(&timer->periph);
}
