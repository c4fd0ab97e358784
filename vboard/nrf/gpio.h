/* One GPIO port of the nRF52840: levels of its own making and of what the board connects. */
#ifndef VBOARD_NRF_GPIO_H
#define VBOARD_NRF_GPIO_H

#include "vboard/periph.h"

struct gpio {
    struct periph periph;
    uint32_t driven;       /* pins that something outside drives */
    uint32_t driven_level; /* and how */
};

void gpio_init(struct gpio *gpio, struct machine *machine, const char *name, uint32_t base);
void gpio_free(struct gpio *gpio);

#endif
