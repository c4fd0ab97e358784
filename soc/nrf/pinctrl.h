/*
 * Pins of nRF peripherals, from devicetree's pinctrl nodes: each element of `psels` is one pin with its function
 * (dt-bindings/pinctrl/nrf-pinctrl.h). A driver says which register selects the pin of which function; functions
 * that it does not list stay unconnected.
 */
#ifndef SOC_NRF_PINCTRL_H
#define SOC_NRF_PINCTRL_H

#include <stdbool.h>
#include <stdint.h>

#include <farboot/devicetree.h>

enum pinctrl_use {
    PINCTRL_INPUT,         /* with pull-up */
    PINCTRL_OUTPUT,        /* idles high */
    PINCTRL_HIGH_DRIVE,    /* output, H0H1: lines faster than a UART's; idles high */
    PINCTRL_HIGH_DRIVE_IO, /* input and output, H0H1 */
};

/* How a peripheral uses the pin of one function. */
struct pinctrl_role {
    uint8_t function; /* NRF_FUN_... */
    uint8_t use;      /* enum pinctrl_use */
    uint16_t psel;    /* offset of the PSEL register from the peripheral's base */
};

struct pinctrl {
    uint32_t base; /* of the peripheral */
    const struct pinctrl_role *roles;
    const uint32_t *psels; /* from devicetree */
    uint8_t role_count;
    uint8_t psel_count;
};

/* Configures each pin in the GPIO, then connects it; call before the peripheral is enabled. */
void pinctrl_connect(const struct pinctrl *pinctrl);

/* Disconnects every pin and leaves it as after reset; call after the peripheral was disabled. */
void pinctrl_disconnect(const struct pinctrl *pinctrl);

/* Initializer elements: every psel of every group of the node's default state. */
#define PINCTRL_PSEL(node, property, index) DT_PROP_BY_IDX(node, property, index),
#define PINCTRL_GROUP(node)                 DT_FOREACH_PROP_ELEM(node, psels, PINCTRL_PSEL)
#define PINCTRL_PSELS(node)                 DT_FOREACH_CHILD(DT_PINCTRL_0(node, 0), PINCTRL_GROUP)

#endif
