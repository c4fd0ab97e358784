/* Flags of GPIO specifiers, for devicetree sources. */
#ifndef DT_BINDINGS_GPIO_H
#define DT_BINDINGS_GPIO_H

#define GPIO_ACTIVE_HIGH 0
#define GPIO_ACTIVE_LOW  (1 << 0)
#define GPIO_PULL_UP     (1 << 4)
#define GPIO_PULL_DOWN   (1 << 5)

#endif
