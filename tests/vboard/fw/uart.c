/* The UART: its buffers, its FIFO, its time. */
#include "fw.h"

#define UARTE(off) REG(0x40002000 + (off))
#define ENDRX      UARTE(0x110)

static uint8_t buffer[64];
static const char constant[] = "from flash";

static void receive_into(uint8_t *to, uint32_t len)
{
    UARTE(0x534) = (uint32_t)(uintptr_t)to;
    UARTE(0x538) = len;
    UARTE(0x000) = 1;
}

static void wait_end(void)
{
    while (ENDRX == 0) {
    }
    ENDRX = 0;
}

static void show(const char *name, uint32_t len)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < len; i++) {
        sum = sum << 8 | buffer[i];
    }
    fw_hex(name, sum);
}

static void echo(void)
{
    fw_print("go\n");
    receive_into(buffer, 4);
    wait_end();
    show("got", 4);
    fw_hex("amount", UARTE(0x53c));
}

/* Two buffers joined by the short: nothing is lost between them. */
static void double_buffer(void)
{
    fw_print("go\n");
    UARTE(0x200) = 1U << 5;
    receive_into(buffer, 2);
    UARTE(0x534) = (uint32_t)(uintptr_t)(buffer + 2);
    wait_end();
    UARTE(0x200) = 0;
    wait_end();
    show("got", 4);
}

/* Without a buffer six bytes wait, the rest is lost. */
static void overrun(void)
{
    fw_print("go\n");
    receive_into(buffer, 1);
    wait_end();
    while (UARTE(0x124) == 0) {
    }
    fw_hex("error", UARTE(0x480));
    receive_into(buffer, 4);
    wait_end();
    show("fifo", 4);
    UARTE(0x004) = 1;
    while (UARTE(0x144) == 0) {
    }
    ENDRX = 0;
    UARTE(0x534) = (uint32_t)(uintptr_t)buffer;
    UARTE(0x538) = 8;
    UARTE(0x02c) = 1;
    wait_end();
    fw_hex("flushed", UARTE(0x53c));
}

static void interrupt_on_byte(void)
{
    ENDRX = 0;
    (void)ENDRX;
    fw_print("interrupt\n");
}

static void sleep_until_byte(void)
{
    fw_vectors[16 + 2] = interrupt_on_byte;
    fw_print("go\n");
    UARTE(0x304) = 1U << 4;
    NVIC_ISER(0) = 1U << 2;
    receive_into(buffer, 1);
    __asm volatile("wfi");
    show("got", 1);
}

static void timing(void)
{
    uint32_t start = fw_now_us();

    fw_print("0123456789\n");
    fw_hex("us", fw_now_us() - start);
}

int main(void)
{
    fw_cycles_on();
    fw_print("\n"); /* switches it on */
    switch (FW_CASE) {
    case 0:
        echo();
        break;
    case 1:
        double_buffer();
        break;
    case 2:
        overrun();
        break;
    case 3:
        sleep_until_byte();
        break;
    case 4:
        timing();
        break;
    case 5:
        UARTE(0x544) = (uint32_t)(uintptr_t)constant;
        UARTE(0x548) = sizeof(constant) - 1;
        UARTE(0x008) = 1;
        break;
    default:
        break;
    }
    return 0;
}
