/* What each kind of reset keeps. */
#include "fw.h"

#define MAGIC    0x600dda7aU
#define WDT(off) REG(0x40010000 + (off))

static volatile uint32_t kept[4] __attribute__((section(".noinit")));

static void soft(void)
{
    if (RESETREAS == 0) {
        fw_hex("ram at power-on", kept[1] != 0 && kept[1] != 0xffffffff && kept[0] != MAGIC);
        kept[0] = MAGIC;
        GPREGRET = 0x5a;
        fw_reset();
    }
    fw_hex("reason", RESETREAS);
    fw_hex("ram", kept[0]);
    fw_hex("gpregret", GPREGRET);
    RESETREAS = 4;
    fw_hex("cleared", RESETREAS);
}

static void watchdog_survives_soft_reset(void)
{
    if (RESETREAS == 0) {
        WDT(0x504) = 3276; /* 100 ms */
        WDT(0x000) = 1;
        GPREGRET = 1;
        fw_reset();
    }
    fw_hex("reason", RESETREAS);
    fw_hex("running", WDT(0x400));
    fw_hex("gpregret", GPREGRET);
    while (WDT(0x400) != 0) {
    }
}

static void watchdog_fed(void)
{
    WDT(0x504) = 3276;
    WDT(0x508) = 3; /* two reload registers: both must be written */
    WDT(0x000) = 1;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t start = fw_now_us();

        while (fw_now_us() - start < 80000) {
        }
        WDT(0x600) = 0x6e524635;
        WDT(0x604) = 0x6e524635;
    }
    fw_print("fed\n");
    WDT(0x600) = 0x6e524635;
    fw_hex("missing", WDT(0x404));
    for (;;) {
        WDT(0x600) = 0x6e524635; /* one is not enough */
    }
}

static void random_numbers(void)
{
    REG(0x4000d000) = 1;
    for (uint32_t i = 0; i < 3; i++) {
        while (REG(0x4000d100) == 0) {
        }
        REG(0x4000d100) = 0;
        fw_hex("random", REG(0x4000d508));
    }
}

int main(void)
{
    fw_cycles_on();
    switch (FW_CASE) {
    case 0:
        soft();
        break;
    case 1:
        watchdog_survives_soft_reset();
        break;
    case 2:
        if (RESETREAS == 2) {
            fw_print("bitten\n");
            return 0;
        }
        watchdog_fed();
        break;
    case 3:
        random_numbers();
        break;
    case 4:
        fw_hex("part", REG(0x10000100));
        REG(0x40000500) = 1; /* System OFF */
        for (;;) {
        }
    default:
        break;
    }
    return 0;
}
