#include "vboard/nrf/gpio.h"

#include <stddef.h>

enum {
    OUT = 0x004,
    OUTSET = 0x008,
    OUTCLR = 0x00c,
    IN = 0x010,
    DIR = 0x014,
    DIRSET = 0x018,
    DIRCLR = 0x01c,
    LATCH = 0x020,
    DETECTMODE = 0x024,
    PIN_CNF = 0x200,
    PIN_CNF_LAST = 0x27c,
};
#define PIN_CNF_RESET 2U /* input buffer disconnected */
#define PULL_SHIFT    2
#define PULL_UP       3U

/* The ports' registers begin at 0x500 of their address block; offsets here are from there. */
static const struct periph_row rows[] = {
    {OUT, OUTCLR, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {IN, IN, PERIPH_READ_ONLY, 0, 0},
    {DIR, DIRCLR, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {LATCH, DETECTMODE, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {PIN_CNF, PIN_CNF_LAST, PERIPH_READ_WRITE, 0x3070fU, PIN_CNF_RESET},
};

static struct gpio *of(struct periph *periph)
{
    return (struct gpio *)(void *)((char *)periph - offsetof(struct gpio, periph));
}

static void set_direction(struct periph *periph, uint32_t dir)
{
    PERIPH_REG(periph, DIR) = dir;
    for (unsigned pin = 0; pin < 32; pin++) {
        PERIPH_REG(periph, PIN_CNF + 4 * pin) = (PERIPH_REG(periph, PIN_CNF + 4 * pin) & ~1U) | (dir >> pin & 1);
    }
}

static void written(struct periph *periph, uint32_t off, uint32_t old)
{
    uint32_t value = PERIPH_REG(periph, off);

    (void)old;
    if (off == OUTSET || off == OUTCLR) {
        PERIPH_REG(periph, OUT) = off == OUTSET ? PERIPH_REG(periph, OUT) | value : PERIPH_REG(periph, OUT) & ~value;
    } else if (off == DIR || off == DIRSET || off == DIRCLR) {
        uint32_t dir = PERIPH_REG(periph, DIR);

        set_direction(periph, off == DIR ? value : off == DIRSET ? dir | value : dir & ~value);
    } else if (off >= PIN_CNF) {
        uint32_t bit = 1U << (off - PIN_CNF) / 4;

        PERIPH_REG(periph, DIR) = (value & 1) != 0 ? PERIPH_REG(periph, DIR) | bit : PERIPH_REG(periph, DIR) & ~bit;
    }
}

static uint32_t levels(struct periph *periph)
{
    const struct gpio *gpio = of(periph);
    uint32_t in = 0;

    for (unsigned pin = 0; pin < 32; pin++) {
        uint32_t bit = 1U << pin;
        uint32_t cnf = PERIPH_REG(periph, PIN_CNF + 4 * pin);
        bool pulled_up = (cnf >> PULL_SHIFT & 3) == PULL_UP;
        bool high = (PERIPH_REG(periph, DIR) & bit) != 0 ? (PERIPH_REG(periph, OUT) & bit) != 0
                    : (gpio->driven & bit) != 0          ? (gpio->driven_level & bit) != 0
                                                         : pulled_up;

        in |= high && (cnf & 2) == 0 ? bit : 0;
    }
    return in;
}

static uint32_t read_register(struct periph *periph, uint32_t off, uint32_t stored)
{
    switch (off) {
    case OUTSET:
    case OUTCLR:
        return PERIPH_REG(periph, OUT);
    case DIRSET:
    case DIRCLR:
        return PERIPH_REG(periph, DIR);
    case IN:
        return levels(periph);
    default:
        return stored;
    }
}

static const struct periph_model model = {
    .name = "GPIO",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .written = written,
    .read = read_register,
};

void gpio_init(struct gpio *gpio, struct machine *machine, const char *name, uint32_t base)
{
    *gpio = (struct gpio){0};
    periph_init(&gpio->periph, &model, machine, name, base, -1);
}

void gpio_free(struct gpio *gpio)
{
    periph_free(&gpio->periph);
}
