/*
 * Under a watchdog of one second that never stops, asks for an update to a copy of itself: the bootloader postpones it
 * once, since the battery is low, then installs it, and takes it back at the next boot. How each boot ended is told by
 * the boot information alone.
 */
#include <stdio.h>
#include <string.h>

#include <farboot/console.h>
#include <farboot/soc.h>

#include "boot/image.h"
#include "retained.h"
#include "update/report.h"
#include "update/update.h"

/* nRF52840 PS, POWER and WDT. */
#define RESETREAS        (*(volatile uint32_t *)0x40000400u)
#define RESETREAS_DOG    (1u << 1)
#define WDT_START        (*(volatile uint32_t *)0x40010000u)
#define WDT_RUNSTATUS    (*(volatile uint32_t *)0x40010400u)
#define WDT_RELOAD_VALUE (*(volatile uint32_t *)0x40010504u)

static struct update update;

static _Noreturn void stop(const char *verdict)
{
    printf("product: %s\n", verdict);
    for (;;) {
        soc_watchdog_feed();
    }
}

static void must(bool holds, const char *what)
{
    if (!holds) {
        printf("FAIL %s\n", what);
        stop("failed");
    }
}

static _Noreturn void restart(void)
{
    console_deinit();
    soc_watchdog_feed();
    soc_reset();
}

static void request_copy_of_itself(void)
{
    const struct flash_area *primary = update.places[UPDATE_PRIMARY].area;
    const uint8_t *image = (const uint8_t *)(uintptr_t)primary->off;
    struct image running;

    must(image_open_untrusted(&running, primary, 0, primary->size) == OK, "reading the primary slot");
    must(update_begin(&update, running.end, image, UPDATE_HEAD_SIZE, false) == OK &&
             update_write(&update, image, running.end) == OK && update_finish(&update, NULL) == OK &&
             update_request(&update, UPDATE_SECONDARY, false) == OK,
         "requesting the update");
}

/* The time of an update named in the report; 0: there is none. */
static unsigned update_ms(const char *report, const char *format)
{
    unsigned ms = 0;

    report = strchr(report, ',');
    return report != NULL && sscanf(report, format, &ms) == 1 ? ms : 0;
}

int main(void)
{
    const char *report = report_text();

    console_init();
    printf("%s\n", report);
    must((RESETREAS & RESETREAS_DOG) == 0, "the watchdog was not fed");
    must(update_open(&update, &update_configs[0]) == OK, "opening the slots");
    if (WDT_RUNSTATUS == 0) {
        request_copy_of_itself();
        RETAINED_BATTERY_LOW = 1;
        WDT_RELOAD_VALUE = 32767; /* 1 s */
        WDT_START = 1;
        printf("PASS update requested\n");
        restart();
    }
    if (strstr(report, ", postponed BOOT-4") != NULL) {
        must(update_is_confirmed(&update), "nothing was to be installed");
        printf("PASS update was postponed\n");
        restart();
    }
    must(RETAINED_LED_TOGGLES >= 3, "the LED shows that the bootloader works");
    if (update_ms(report, ", test update in %u ms") > 1000) {
        printf("PASS update took longer than the watchdog\n");
        restart();
    }
    must(update_ms(report, ", revert update in %u ms") > 1000, "the revert is reported");
    stop("all checks passed");
}
