/* Waits for a letter on the console and does what it stands for; each but the last two ends in a reset. */
#include <stdio.h>

#include <farboot/console.h>
#include <farboot/soc.h>
#include <farboot/timer.h>
#include <farboot/util.h>

#include "internal_flash.h"

static __attribute__((noinline)) void bus_fault(void)
{
    *(volatile uint32_t *)0x70000000 = 1; /* nothing answers there */
}

static __attribute__((noinline)) void undefined_instruction(void)
{
    __asm__ volatile("udf #0");
}

static __attribute__((noinline)) void unhandled_call(void)
{
    __asm__ volatile("svc #0"); /* an exception that nobody handles */
}

/* Volatile, so that the compiler neither sees the recursion end nor makes a loop of it. */
static int overflow_stack(volatile int *depth)
{
    volatile int here[16] = {0};

    here[0] = *depth + 1;
    return here[0] == 0 ? 0 : overflow_stack(here) + here[1];
}

static __attribute__((noinline)) void lose_stack(void)
{
    __asm__ volatile("mov sp, %0\n push {r0}\n" : : "r"(0x30000000) : "memory");
}

/* Over wraps of whatever counts, which no interrupt can report. */
static void wait_masked(void)
{
    __asm__ volatile("cpsid i" : : : "memory");
    timer_wait(300000);
    __asm__ volatile("cpsie i" : : : "memory");
}

/* A wait ends, and not before its time; how late it is, is for the reader to judge. */
static void check_waits(void)
{
    static const uint32_t waits_us[] = {1, 7, 8, 20, 1000, 100000};

    for (size_t i = 0; i < sizeof(waits_us) / sizeof(waits_us[0]); i++) {
        uint32_t start = timer_now_us();
        uint32_t took;

        timer_wait(waits_us[i]);
        took = timer_now_us() - start;
        printf("%s wait of %u us, %u late\n", took >= waits_us[i] ? "PASS" : "FAIL", (unsigned)waits_us[i],
               (unsigned)(took - waits_us[i]));
    }
    wait_masked();
    printf("PASS wait with interrupts masked\n");
}

static void obey(char letter)
{
    volatile int depth = 0;

    switch (letter) {
    case 'b':
        bus_fault();
        break;
    case 'u':
        undefined_instruction();
        break;
    case 'v':
        unhandled_call();
        break;
    case 's':
        (void)overflow_stack(&depth);
        break;
    case 'l':
        lose_stack();
        break;
    case 'p':
        panic("asked for");
    case 'f':
        if (IS_ENABLED(CONFIG_SOC_FLASH_NRF)) {
            internal_flash_check();
        }
        break;
    case 'w':
        check_waits();
        break;
    default:
        break;
    }
}

int main(void)
{
    char letter;

    console_init();
    printf("ready\n");
    for (;;) {
        timer_wait(1000); /* not console_wait: QEMU's UART of the nRF51 is deaf while nothing wakes QEMU */
        if (console_read(&letter, 1) == 1) {
            obey(letter);
            printf("done %c\n", letter);
        }
    }
}
