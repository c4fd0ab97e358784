#include "soc/nrf/pinctrl.h"

#include <stddef.h>

#include <zephyr/dt-bindings/pinctrl/nrf-pinctrl.h>

#include "soc/arm/cortex_m.h"
#include "soc/nrf/gpio.h"

#define PORT0 GPIO_REGS(DT_NODELABEL(gpio0))
/* A SoC with one port has no gpio1. */
#define PORT_STRIDE      COND_CODE_1(DT_NODE_EXISTS(DT_NODELABEL(gpio1)), ((GPIO_REGS(DT_NODELABEL(gpio1)) - PORT0)), (0))
#define PORT(pin)        (PORT0 + (pin) / 32 * PORT_STRIDE)

#define PIN_CNF_PULLUP   (3u << 2)
#define PIN_CNF_H0H1     (3u << 8)
#define PSEL_RESET       UINT32_MAX
#define PIN_DISCONNECTED 0xffffu /* NRF_PSEL_DISCONNECTED */

static const uint32_t pin_cnf[] = {
    [PINCTRL_INPUT] = PIN_CNF_PULLUP,
    [PINCTRL_OUTPUT] = GPIO_PIN_CNF_OUT | GPIO_PIN_CNF_RESET,
    [PINCTRL_HIGH_DRIVE] = GPIO_PIN_CNF_OUT | GPIO_PIN_CNF_RESET | PIN_CNF_H0H1,
    [PINCTRL_HIGH_DRIVE_IO] = PIN_CNF_H0H1,
};

static const struct pinctrl_role *role_of(const struct pinctrl *pinctrl, uint32_t psel)
{
    for (size_t i = 0; i < pinctrl->role_count; i++) {
        if (pinctrl->roles[i].function == NRF_PSEL_FUN(psel)) {
            return &pinctrl->roles[i];
        }
    }
    return NULL;
}

static void set_pin(const struct pinctrl *pinctrl, uint32_t psel, bool connect)
{
    const struct pinctrl_role *role = role_of(pinctrl, psel);
    uint32_t pin = NRF_PSEL_PIN(psel);

    if (role == NULL || pin == PIN_DISCONNECTED) {
        return;
    }
    if (!connect) {
        *reg32(pinctrl->base + role->psel) = PSEL_RESET;
        *reg32(PORT(pin) + GPIO_PIN_CNF(pin % 32)) = GPIO_PIN_CNF_RESET;
        return;
    }
    *reg32(PORT(pin) + GPIO_OUTSET) = 1u << pin % 32;
    *reg32(PORT(pin) + GPIO_PIN_CNF(pin % 32)) = pin_cnf[role->use];
    *reg32(pinctrl->base + role->psel) = pin;
}

static void set_pins(const struct pinctrl *pinctrl, bool connect)
{
    for (size_t i = 0; i < pinctrl->psel_count; i++) {
        set_pin(pinctrl, pinctrl->psels[i], connect);
    }
}

void pinctrl_connect(const struct pinctrl *pinctrl)
{
    set_pins(pinctrl, true);
}

void pinctrl_disconnect(const struct pinctrl *pinctrl)
{
    set_pins(pinctrl, false);
}
