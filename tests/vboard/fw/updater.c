/*
 * A bootloader as small as can be, for campaigns of power cuts: what lies at SECONDARY is copied to PRIMARY when the
 * last word of the slot asks for it, and PRIMARY is started. Case 1 does it in the right order, case 2 forgets the
 * request before it copies, case 3 also writes where it has no business, case 4 never starts anything after the first
 * boot. Cases 5 and 6 start what lies at ASIDE: PRIMARY is a companion's; case 6 also writes behind what it starts.
 */
#include "fw.h"

#define PRIMARY   0x40000U
#define SECONDARY 0x48000U
#define SLOT      0x4000U
#define REQUEST   (SECONDARY + SLOT - 4)
#define PAGE      0x1000U
#define ASIDE     0x60000U

static void erase(uint32_t addr)
{
    NVMC_CONFIG = 2;
    NVMC_ERASEPAGE = addr;
    NVMC_CONFIG = 0;
}

static void program(uint32_t addr, uint32_t value)
{
    NVMC_CONFIG = 1;
    REG(addr) = value;
    NVMC_CONFIG = 0;
}

static void copy(void)
{
    for (uint32_t page = 0; page < SLOT - PAGE; page += PAGE) {
        erase(PRIMARY + page);
        for (uint32_t at = page; at < page + PAGE; at += 4) {
            if (REG(SECONDARY + at) != 0xffffffff) {
                program(PRIMARY + at, REG(SECONDARY + at));
            }
        }
    }
}

static void start(void)
{
    uint32_t from = FW_CASE >= 5 ? ASIDE : PRIMARY;
    uint32_t stack = REG(from);
    uint32_t entry = REG(from + 4);

    __asm volatile("msr msp, %0\n\tbx %1" ::"r"(stack), "r"(entry));
}

int main(void)
{
    if (REG(REQUEST) == 0x600df00d) {
        if (FW_CASE == 2) {
            erase(SECONDARY + SLOT - PAGE);
        }
        copy();
        if (FW_CASE == 3) {
            program(ASIDE, 0);
        }
        if (FW_CASE == 4) {
            fw_print("copied\n");
        }
        if (FW_CASE == 6) {
            program(ASIDE + SLOT - 4, 0);
        }
        erase(SECONDARY + SLOT - PAGE);
    } else if (FW_CASE == 4) {
        return 0;
    }
    start();
    return 0;
}
