/* The LED that shows an update at work: devicetree alias `mcuboot-led0`, or `led0`. Implemented in drivers/. */
#ifndef FARBOOT_INDICATION_LED_H
#define FARBOOT_INDICATION_LED_H

void indication_led_init(void); /* off */
void indication_led_toggle(void);
void indication_led_deinit(void); /* as after reset */

#endif
