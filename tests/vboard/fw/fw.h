/* What the test firmwares share: registers, a console, an interrupt vector that they may change. */
#ifndef TESTS_VBOARD_FW_H
#define TESTS_VBOARD_FW_H

#include <stdbool.h>
#include <stdint.h>

#define REG(addr)      (*(volatile uint32_t *)(addr))

#define NVMC_READY     REG(0x4001e400)
#define NVMC_CONFIG    REG(0x4001e504)
#define NVMC_ERASEPAGE REG(0x4001e508)
#define RESETREAS      REG(0x40000400)
#define GPREGRET       REG(0x4000051c)
#define AIRCR          REG(0xe000ed0c)
#define CYCCNT         REG(0xe0001004)
#define VTOR           REG(0xe000ed08)
#define CFSR           REG(0xe000ed28)
#define HFSR           REG(0xe000ed2c)
#define MMFAR          REG(0xe000ed34)
#define BFAR           REG(0xe000ed38)
#define SHCSR          REG(0xe000ed24)
#define ICSR           REG(0xe000ed04)
#define NVIC_ISER(n)   REG(0xe000e100 + 4 * (n))
#define NVIC_ICER(n)   REG(0xe000e180 + 4 * (n))
#define NVIC_ISPR(n)   REG(0xe000e200 + 4 * (n))
#define NVIC_IPR(n)    (*(volatile uint8_t *)(0xe000e400 + (n)))

/* Handlers of the vector table in RAM; fw_start fills it with fw_unexpected. */
typedef void (*fw_handler)(void);
extern volatile fw_handler fw_vectors[64];

/* Which part of a firmware runs: the test puts it into UICR.CUSTOMER[0]. */
#define FW_CASE REG(0x10001080)

void fw_print(const char *text);               /* text in RAM or flash; copied for DMA; returns when sent */
void fw_hex(const char *name, uint32_t value); /* "name=0x...\n" */
void fw_cycles_on(void);
uint32_t fw_now_us(void); /* on the cycle counter; wraps after 67 s */
void fw_reset(void);
void fw_unexpected(void);

int main(void);

#endif
