/*
 * The LED that shows an update at work, on a pin of an nRF GPIO port: MCUboot's alias mcuboot-led0, or the board's
 * led0.
 */
#include <farboot/devicetree.h>
#include <farboot/indication_led.h>

#include "soc/arm/cortex_m.h"
#include "soc/nrf/gpio.h"

#define LED_ALIAS  COND_CODE_1(DT_HAS_ALIAS(mcuboot_led0), (DT_ALIAS(mcuboot_led0)), (DT_ALIAS(led0)))
#define LED_PORT   GPIO_REGS(DT_GPIO_CTLR(LED_ALIAS, gpios))
#define LED_PIN    DT_GPIO_PIN(LED_ALIAS, gpios)
#define LED_IS_LOW (DT_GPIO_FLAGS(LED_ALIAS, gpios) & 1) /* GPIO_ACTIVE_LOW */

_Static_assert(DT_HAS_ALIAS(mcuboot_led0) || DT_HAS_ALIAS(led0),
               "CONFIG_MCUBOOT_INDICATION_LED needs devicetree's alias mcuboot-led0 or led0");

void indication_led_init(void)
{
    *reg32(LED_PORT + (LED_IS_LOW ? GPIO_OUTSET : GPIO_OUTCLR)) = 1u << LED_PIN;
    *reg32(LED_PORT + GPIO_PIN_CNF(LED_PIN)) = GPIO_PIN_CNF_OUT | GPIO_PIN_CNF_RESET;
}

void indication_led_toggle(void)
{
    *reg32(LED_PORT + GPIO_OUT) ^= 1u << LED_PIN;
}

void indication_led_deinit(void)
{
    *reg32(LED_PORT + GPIO_PIN_CNF(LED_PIN)) = GPIO_PIN_CNF_RESET;
    *reg32(LED_PORT + GPIO_OUTCLR) = 1u << LED_PIN;
}
