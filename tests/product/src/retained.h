/* What this product's application and bootloader tell each other: registers that a soft reset keeps (nRF52840 PS,
 * POWER). */
#ifndef TESTS_PRODUCT_RETAINED_H
#define TESTS_PRODUCT_RETAINED_H

#include <stdint.h>

#define RETAINED_BATTERY_LOW (*(volatile uint32_t *)0x4000051cu) /* GPREGRET: 1 for one boot */
#define RETAINED_LED_TOGGLES (*(volatile uint32_t *)0x40000520u) /* GPREGRET2: seen in the last update */

#endif
