#include "fw.h"

#define UARTE(off) REG(0x40002000 + (off))

extern uint32_t fw_stack_end[];
extern uint32_t fw_data[], fw_data_end[], fw_data_load[], fw_bss[], fw_bss_end[];

volatile fw_handler fw_vectors[64] __attribute__((aligned(256)));
static volatile char dma[128];

void fw_reset_handler(void);

__attribute__((section(".vectors"), used)) static const void *const boot_vectors[] = {
    fw_stack_end, fw_reset_handler, fw_unexpected, fw_unexpected, fw_unexpected, fw_unexpected, fw_unexpected,
};

void fw_reset_handler(void)
{
    uint32_t *from = fw_data_load;

    for (uint32_t *to = fw_data; to < fw_data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = fw_bss; to < fw_bss_end; to++) {
        *to = 0;
    }
    for (unsigned i = 0; i < 64; i++) {
        fw_vectors[i] = fw_unexpected;
    }
    VTOR = (uint32_t)(uintptr_t)fw_vectors;
    (void)main();
    fw_print("end\n");
    for (;;) {
        __asm volatile("wfi");
    }
}

/* The compiler may call it. */
void *memset(void *to, int value, unsigned len)
{
    uint8_t *at = to;

    while (len-- > 0) {
        *at++ = (uint8_t)value;
    }
    return to;
}

static void uart_on(void)
{
    UARTE(0x50c) = 6; /* PSEL.TXD: P0.06 */
    UARTE(0x514) = 8;
    UARTE(0x524) = 0x01d60000; /* 115200 */
    UARTE(0x500) = 8;
}

static void send(uint32_t len)
{
    UARTE(0x544) = (uint32_t)(uintptr_t)dma;
    UARTE(0x548) = len;
    UARTE(0x120) = 0;
    UARTE(0x008) = 1;
    while (UARTE(0x120) == 0) {
    }
}

void fw_print(const char *text)
{
    uart_on();
    while (*text != 0) {
        uint32_t len = 0;

        while (*text != 0 && len < sizeof(dma)) {
            dma[len++] = *text++;
        }
        send(len);
    }
}

void fw_hex(const char *name, uint32_t value)
{
    char text[] = "=0x00000000\n";

    for (int i = 10; i > 2; i--) {
        text[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
    fw_print(name);
    fw_print(text);
}

void fw_cycles_on(void)
{
    REG(0xe000edfc) |= 1U << 24;
    CYCCNT = 0;
    REG(0xe0001000) |= 1;
}

uint32_t fw_now_us(void)
{
    return CYCCNT / 64;
}

void fw_reset(void)
{
    AIRCR = 0x05fa0004;
    for (;;) {
    }
}

void fw_unexpected(void)
{
    fw_hex("unexpected exception", ICSR & 0x1ff);
    fw_hex("cfsr", CFSR);
    for (;;) {
    }
}
