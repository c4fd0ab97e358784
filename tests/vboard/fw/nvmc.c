/* Erase and program by the rules; what it takes on the cycle counter. */
#include "fw.h"

#define PAGE 0x40000U

static void program(uint32_t addr, uint32_t value)
{
    NVMC_CONFIG = 1;
    REG(addr) = value;
    while (NVMC_READY == 0) {
    }
    NVMC_CONFIG = 0;
}

int main(void)
{
    uint32_t start;

    fw_cycles_on();
    NVMC_CONFIG = 2;
    start = CYCCNT;
    NVMC_ERASEPAGE = PAGE;
    while (NVMC_READY == 0) {
    }
    fw_hex("erase_us", (CYCCNT - start) / 64);
    NVMC_CONFIG = 0;
    start = CYCCNT;
    program(PAGE, 0x12345678);
    fw_hex("program_us", (CYCCNT - start) / 64);
    fw_hex("word", REG(PAGE));
    program(PAGE + 4, 0xffffff00); /* one byte of a word, and the next: nWRITE is 2 */
    program(PAGE + 4, 0xffff11ff);
    fw_hex("bytes", REG(PAGE + 4));
    fw_hex("reset", RESETREAS);
    return 0;
}
