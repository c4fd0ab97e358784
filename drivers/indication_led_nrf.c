/*
 * The LED that shows an update at work, on a pin of an nRF GPIO port: MCUboot's alias mcuboot-led0, or the board's
 * led0. Register offsets: nRF52840 PS, GPIO.
 */
#include <farboot/devicetree.h>
#include <farboot/indication_led.h>

#include "soc/arm/cortex_m.h"

#define LED_ALIAS     COND_CODE_1(DT_HAS_ALIAS(mcuboot_led0), (DT_ALIAS(mcuboot_led0)), (DT_ALIAS(led0)))
#define LED_PORT      DT_REG_ADDR(DT_GPIO_CTLR(LED_ALIAS, gpios))
#define LED_PIN       DT_GPIO_PIN(LED_ALIAS, gpios)
#define LED_IS_LOW    (DT_GPIO_FLAGS(LED_ALIAS, gpios) & 1) /* GPIO_ACTIVE_LOW */

#define PORT_OUT      0x504u
#define PORT_OUTSET   0x508u
#define PORT_OUTCLR   0x50cu
#define PORT_PIN_CNF  0x700u

#define PIN_CNF_RESET 2u /* input, buffer disconnected */
#define PIN_CNF_OUT   3u

_Static_assert(DT_HAS_ALIAS(mcuboot_led0) || DT_HAS_ALIAS(led0),
               "CONFIG_MCUBOOT_INDICATION_LED needs devicetree's alias mcuboot-led0 or led0");

void indication_led_init(void)
{
    *reg32(LED_PORT + (LED_IS_LOW ? PORT_OUTSET : PORT_OUTCLR)) = 1u << LED_PIN;
    *reg32(LED_PORT + PORT_PIN_CNF + 4 * LED_PIN) = PIN_CNF_OUT;
}

void indication_led_toggle(void)
{
    *reg32(LED_PORT + PORT_OUT) ^= 1u << LED_PIN;
}

void indication_led_deinit(void)
{
    *reg32(LED_PORT + PORT_PIN_CNF + 4 * LED_PIN) = PIN_CNF_RESET;
    *reg32(LED_PORT + PORT_OUTCLR) = 1u << LED_PIN;
}
