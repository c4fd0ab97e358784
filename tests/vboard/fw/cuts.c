/* A fixed row of flash operations inside and outside, told before each; the test cuts the power among them. */
#include "fw.h"

#define QSPI(off) REG(0x40029000 + (off))
#define PAGE      0x40000U

static uint32_t buffer[64];

static void wait(void)
{
    while (QSPI(0x100) == 0) {
    }
    QSPI(0x100) = 0;
}

static void init(void)
{
    static const uint8_t pins[] = {19, 17, 0, 20, 21, 22, 23};

    for (uint32_t i = 0; i < sizeof(pins); i++) {
        if (i != 2) {
            QSPI(0x524 + 4 * i) = pins[i];
        }
    }
    QSPI(0x600) = 1U << 28 | 0x00040480U;
    QSPI(0x500) = 1;
    QSPI(0x000) = 1;
    wait();
}

static void wait_chip(void)
{
    do {
        QSPI(0x634) = 0x05 | 2U << 8 | 3U << 12;
        wait();
    } while ((QSPI(0x638) & 1) != 0);
}

/* Write enable, then the status register: the bit outlives the cuts. */
static void enable_quad(void)
{
    QSPI(0x634) = 0x06 | 1U << 8 | 3U << 12;
    wait();
    QSPI(0x638) = 0x40;
    QSPI(0x634) = 0x01 | 2U << 8 | 3U << 12;
    wait();
    wait_chip();
}

static void erase_inside(uint32_t addr)
{
    fw_print("erase inside\n");
    NVMC_CONFIG = 2;
    NVMC_ERASEPAGE = addr;
    NVMC_CONFIG = 0;
}

static void program_inside(uint32_t addr, uint32_t value)
{
    fw_print("program inside\n");
    NVMC_CONFIG = 1;
    REG(addr) = value;
    NVMC_CONFIG = 0;
}

static void erase_outside(uint32_t addr)
{
    fw_print("erase outside\n");
    QSPI(0x51c) = addr;
    QSPI(0x520) = 0;
    QSPI(0x00c) = 1;
    wait();
}

static void program_outside(uint32_t addr)
{
    fw_print("program outside\n");
    for (uint32_t i = 0; i < 64; i++) {
        buffer[i] = 0x55aa0000 + i;
    }
    QSPI(0x510) = addr;
    QSPI(0x514) = (uint32_t)(uintptr_t)buffer;
    QSPI(0x518) = 256;
    QSPI(0x008) = 1;
    wait();
}

int main(void)
{
    init();
    wait_chip();
    enable_quad();
    erase_inside(PAGE);               /* 1 */
    program_inside(PAGE, 0x11112222); /* 2 */
    erase_outside(0x1000);            /* 3 */
    wait_chip();
    program_outside(0x1000); /* 4 */
    wait_chip();
    fw_print("half\n");
    erase_outside(0x1000); /* 5, goes on while */
    erase_inside(PAGE);    /* 6 */
    wait_chip();
    fw_print("done\n");
    return 0;
}
