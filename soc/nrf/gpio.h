/*
 * GPIO ports of nRF SoCs (nRF52840 and nRF5340 PS, "GPIO"). A port's node has its registers in its last range: on the
 * nRF52 another one, with the bit-wise task block of older parts, comes before it.
 */
#ifndef SOC_NRF_GPIO_H
#define SOC_NRF_GPIO_H

#include <farboot/devicetree.h>
#include <farboot/util.h>

#define GPIO_REGS(node)    UTIL_CAT(GPIO_REGS_, DT_NUM_REGS(node))(node)
#define GPIO_REGS_1(node)  DT_REG_ADDR_BY_IDX(node, 0)
#define GPIO_REGS_2(node)  DT_REG_ADDR_BY_IDX(node, 1)

#define GPIO_OUT           0x004u
#define GPIO_OUTSET        0x008u
#define GPIO_OUTCLR        0x00cu
#define GPIO_PIN_CNF(pin)  (0x200u + 4u * (pin))

#define GPIO_PIN_CNF_RESET 2u /* input, buffer disconnected */
#define GPIO_PIN_CNF_OUT   1u

#endif
