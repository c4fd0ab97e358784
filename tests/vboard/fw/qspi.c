/* The QSPI controller and the flash chip behind it. */
#include "fw.h"

#define QSPI(off) REG(0x40029000 + (off))
#define READY     QSPI(0x100)
#define XIP       0x12000000U

#define LIO       (3U << 12) /* IO2 and IO3 high */
#define LFEN      (1U << 16)
#define LFSTOP    (1U << 17)
#define READ4IO   4U
#define PP        (0U << 3)
#define PP4IO     (3U << 3)
#define SCK_16MHZ (1U << 28 | 0x00040400U | 1U)

static uint32_t buffer[1024] __attribute__((aligned(4)));
static const uint32_t in_flash[4] = {1, 2, 3, 4};

static void wait(void)
{
    while (READY == 0) {
    }
    READY = 0;
}

static void init(uint32_t ifconfig0)
{
    static const uint8_t pins[] = {19, 17, 0, 20, 21, 22, 23};

    for (uint32_t i = 0; i < sizeof(pins); i++) {
        if (i != 2) {
            QSPI(0x524 + 4 * i) = pins[i];
        }
    }
    QSPI(0x544) = ifconfig0;
    QSPI(0x600) = SCK_16MHZ;
    QSPI(0x500) = 1;
    QSPI(0x000) = 1;
    wait();
}

static uint32_t custom(uint32_t opcode, uint32_t length, uint32_t data)
{
    QSPI(0x638) = data;
    QSPI(0x634) = opcode | length << 8 | LIO;
    wait();
    return QSPI(0x638);
}

static uint32_t status(void)
{
    return custom(0x05, 2, 0) & 0xff;
}

static void wait_chip(void)
{
    while ((status() & 1) != 0) {
    }
}

static void quad_enable(void)
{
    (void)custom(0x06, 1, 0);
    (void)custom(0x01, 2, 0x40);
    wait_chip();
}

static void erase_start(uint32_t addr, uint32_t len)
{
    QSPI(0x51c) = addr;
    QSPI(0x520) = len;
    QSPI(0x00c) = 1;
    wait();
}

static void write_start(uint32_t addr, const void *from, uint32_t len)
{
    QSPI(0x510) = addr;
    QSPI(0x514) = (uint32_t)(uintptr_t)from;
    QSPI(0x518) = len;
    QSPI(0x008) = 1;
}

static void read(uint32_t addr, void *to, uint32_t len)
{
    QSPI(0x504) = addr;
    QSPI(0x508) = (uint32_t)(uintptr_t)to;
    QSPI(0x50c) = len;
    QSPI(0x004) = 1;
    wait();
}

static void fill(uint32_t seed)
{
    for (uint32_t i = 0; i < 1024; i++) {
        buffer[i] = (i + seed) * 2654435761U;
    }
}

static uint32_t mismatches(uint32_t seed, uint32_t words)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < words; i++) {
        count += buffer[i] != (i + seed) * 2654435761U;
    }
    return count;
}

static void ready(void)
{
    init(READ4IO | PP4IO);
    quad_enable();
}

static void identify(void)
{
    init(READ4IO | PP4IO);
    fw_hex("id", custom(0x9f, 4, 0) & 0xffffff);
    fw_hex("status", status());
    /* SFDP by a long frame: opcode, three address bytes and a dummy, then data. */
    QSPI(0x638) = 0;
    QSPI(0x634) = 0x5a | 5U << 8 | LIO | LFEN;
    wait();
    QSPI(0x638) = 0;
    QSPI(0x634) = 0x5a | 9U << 8 | LIO | LFEN;
    wait();
    fw_hex("sfdp", QSPI(0x638));
    QSPI(0x634) = 0x5a | 9U << 8 | LIO | LFEN | LFSTOP;
    wait();
    fw_hex("table at", QSPI(0x63c) & 0xffffff);
    quad_enable();
    fw_hex("status", status());
}

static void erase_write_read(void)
{
    uint32_t start;

    ready();
    start = fw_now_us();
    erase_start(0x1000, 0);
    fw_hex("ready is not done", status() & 1);
    wait_chip();
    fw_hex("erase_ms", (fw_now_us() - start) / 1000);
    fill(7);
    start = fw_now_us();
    write_start(0x1000, buffer, 4096);
    wait();
    wait_chip();
    fw_hex("write_ms", (fw_now_us() - start) / 1000);
    fill(8);
    read(0x1000, buffer, 4096);
    fw_hex("mismatches", mismatches(7, 1024));
    read(0x1ffc, buffer, 8);
    fw_hex("beyond", buffer[1]);
    fw_hex("xip", REG(XIP + 0x1004));
    fw_hex("xip byte", *(volatile uint8_t *)(XIP + 0x1005));
}

/* A write of 4 KiB outside goes on while the processor stands still for the 85 ms of an erase inside. */
static void overlap(void)
{
    uint32_t start;

    ready();
    erase_start(0x2000, 0);
    wait_chip();
    fill(1);
    start = fw_now_us();
    write_start(0x2000, buffer, 4096);
    NVMC_CONFIG = 2;
    NVMC_ERASEPAGE = 0x40000;
    NVMC_CONFIG = 0;
    fw_hex("ready at once", READY);
    wait();
    wait_chip();
    fw_hex("both_ms", (fw_now_us() - start) / 1000);
    fill(2);
    read(0x2000, buffer, 4096);
    fw_hex("mismatches", mismatches(1, 1024));
}

/* The chip does not know that its processor was reset. */
static void reset_while_erasing(void)
{
    if (GPREGRET == 0) {
        ready();
        erase_start(0x10000, 1);
        GPREGRET = 1;
        fw_reset();
    }
    init(READ4IO | PP4IO);
    fw_hex("status", status());
    wait_chip();
    fw_hex("done", status());
}

/* A reset in the middle of a page program ends the frame; the chip programs what it has got. */
static void reset_while_writing(void)
{
    uint32_t programmed = 0;

    if (GPREGRET == 0) {
        uint32_t start;

        init(READ4IO | PP); /* one line: 256 bytes take 128 us at 16 MHz */
        fill(3);
        start = fw_now_us();
        write_start(0x3000, buffer, 256);
        while (fw_now_us() - start < 70) {
        }
        GPREGRET = 1;
        fw_reset();
    }
    init(READ4IO | PP4IO);
    wait_chip();
    quad_enable();
    read(0x3000, buffer, 256);
    for (uint32_t i = 0; i < 64; i++) {
        programmed += buffer[i] == (i + 3) * 2654435761U;
    }
    fw_hex("a prefix", programmed > 8 && programmed < 60 && buffer[0] == 3 * 2654435761U && buffer[63] == 0xffffffff);
}

static void sleep_and_wake(void)
{
    ready();
    (void)custom(0xb9, 1, 0);
    fw_hex("asleep", custom(0x9f, 4, 0) & 0xffffff);
    (void)custom(0xab, 1, 0);
    fw_hex("too early", custom(0x9f, 4, 0) & 0xffffff);
    for (uint32_t start = fw_now_us(); fw_now_us() - start < 40;) {
    }
    fw_hex("awake", custom(0x9f, 4, 0) & 0xffffff);
}

static void page_wrap(void)
{
    ready();
    erase_start(0x1000, 0);
    wait_chip();
    (void)custom(0x06, 1, 0);
    QSPI(0x63c) = 0x44332211; /* opcode, address 0x0010fe, four bytes: two of them wrap */
    QSPI(0x638) = 0x11fe1000;
    QSPI(0x63c) = 0x00443322;
    QSPI(0x634) = 0x02 | 8U << 8 | LIO;
    wait();
    wait_chip();
    read(0x10fc, buffer, 4);
    fw_hex("end of page", buffer[0]);
    read(0x1000, buffer, 4);
    fw_hex("start of page", buffer[0]);
    read(0x1100, buffer, 4);
    fw_hex("next page", buffer[0]);
}

static void suspend(void)
{
    ready();
    erase_start(0x10000, 1);
    (void)custom(0x75, 1, 0);
    fw_hex("suspended", status() << 8 | (custom(0x2b, 2, 0) & 0xff));
    read(0x1000, buffer, 4);
    fw_hex("read", buffer[0]);
    (void)custom(0x7a, 1, 0);
    fw_hex("resumed", status() & 1);
    wait_chip();
    (void)custom(0x06, 1, 0);
    (void)custom(0x01, 2, 0x40 | 0x04);
    wait_chip();
    fw_hex("protected", status());
    erase_start(0x7ff000, 0);
    fw_hex("refused", status() << 8 | (custom(0x2b, 2, 0) & 0xff));
}

static void reset_command(void)
{
    init(READ4IO | PP4IO);
    fw_hex("before", custom(0x9f, 4, 0) & 0xffffff);
    (void)custom(0x66, 1, 0);
    (void)custom(0x99, 1, 0);
    for (uint32_t start = fw_now_us(); fw_now_us() - start < 13000;) {
    }
    (void)custom(0xab, 1, 0);
    for (uint32_t start = fw_now_us(); fw_now_us() - start < 40;) {
    }
    fw_hex("id", custom(0x9f, 4, 0) & 0xffffff);
    quad_enable();
    read(0x0, buffer, 4);
    fw_hex("read", buffer[0]);
}

static void violations(uint32_t which)
{
    switch (which) {
    case 20: /* no quad enable */
        init(READ4IO | PP4IO);
        read(0, buffer, 4);
        break;
    case 21: /* EasyDMA from flash */
        ready();
        write_start(0, in_flash, 16);
        break;
    case 22: /* an odd length */
        ready();
        write_start(0, buffer, 6);
        break;
    case 23: /* READY taken for done */
        ready();
        erase_start(0x1000, 0);
        read(0x1000, buffer, 4);
        break;
    case 24: /* a write while the erase runs */
        ready();
        erase_start(0x1000, 0);
        write_start(0x1000, buffer, 256);
        wait();
        break;
    case 25: /* over the erased state */
        ready();
        buffer[0] = 0;
        write_start(0x1000, buffer, 4);
        wait();
        wait_chip();
        buffer[0] = 0x12345678;
        write_start(0x1000, buffer, 4);
        wait();
        break;
    case 26: /* not activated */
        QSPI(0x500) = 1;
        QSPI(0x004) = 1;
        break;
    case 27: /* the window without the controller */
        (void)REG(XIP);
        break;
    case 28: /* two tasks at once */
        ready();
        write_start(0x1000, buffer, 256);
        write_start(0x1100, buffer, 256);
        break;
    case 29: /* a command that this chip does not have: PP4O */
        init(READ4IO | 2U << 3);
        quad_enable();
        write_start(0x1000, buffer, 4);
        wait();
        break;
    case 30: /* 64 KiB erase of an address that is none */
        ready();
        erase_start(0x1000, 1);
        break;
    default:
        break;
    }
    fw_print("got away with it\n");
}

int main(void)
{
    static void (*const cases[])(void) = {
        identify,       erase_write_read, overlap, reset_while_erasing, reset_while_writing,
        sleep_and_wake, page_wrap,        suspend, reset_command,
    };

    fw_cycles_on();
    if (FW_CASE < sizeof(cases) / sizeof(cases[0])) {
        cases[FW_CASE]();
    } else {
        violations(FW_CASE);
    }
    return 0;
}
