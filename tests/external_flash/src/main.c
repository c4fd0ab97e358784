/*
 * Checks of the secondary slot in external flash, on the real binaries: first the flash contract
 * (tests/flash_driver), then an update to a
 * copy of itself, which runs on trial, is not confirmed and is taken back. Each boot finds in the primary slot's
 * trailer which one it is; the last prints the verdict.
 */
#include <stdio.h>

#include <farboot/console.h>
#include <farboot/devicetree.h>
#include <farboot/soc.h>

#include "boot/image.h"
#include "tests/flash_driver/suite.h"
#include "update/update.h"

#define BLOCK 0x10000u /* the largest erase */

extern const struct flash_device DEVICE_DT_NAME(DT_CHOSEN(nordic_pm_ext_flash));

static struct update update;

static _Noreturn void restart(void)
{
    console_deinit();
    soc_reset();
}

static _Noreturn void fail(const char *what, int result)
{
    printf("FAIL %s: -0x%x\nexternal_flash: failed\n", what, (unsigned)-result);
    for (;;) {
        soc_idle();
    }
}

static void must(int result, const char *what)
{
    if (result != OK) {
        fail(what, result);
    }
}

/* Inside the slot, on the device that devicetree chooses. */
static bool check_flash(const struct flash_area *area)
{
    const struct suite_device device = {
        .flash = area->dev, .off = (area->off + BLOCK - 1) / BLOCK * BLOCK, .len = SUITE_AREA};
    struct suite_count count = {0};

    if (area->dev != &DEVICE_DT_NAME(DT_CHOSEN(nordic_pm_ext_flash)) || area->size < SUITE_AREA + BLOCK) {
        return false;
    }
    suite_run(&device, &count);
    return count.failed == 0;
}

/* The running image, header to the end of its TLVs; it is read where it is executed. */
static void copy_image(void)
{
    const struct flash_area *primary = update.places[UPDATE_PRIMARY].area;
    const uint8_t *image = (const uint8_t *)(uintptr_t)primary->off;
    struct image running;

    must(image_open_untrusted(&running, primary, 0, primary->size), "reading the primary slot");
    must(update_begin(&update, running.end, image, UPDATE_HEAD_SIZE, false), "opening the update");
    must(update_write(&update, image, running.end), "writing the update from internal flash");
    must(update_finish(&update, NULL), "ending the update");
    must(update_request(&update, UPDATE_SECONDARY, false), "requesting the update");
}

int main(void)
{
    const struct update_place *primary = &update.places[UPDATE_PRIMARY];
    struct trailer trailer;

    console_init();
    must(update_open(&update, &update_configs[0]), "opening the slots");
    must(update.places[UPDATE_SECONDARY].error, "opening the secondary slot");
    must(trailer_read(primary->area, &primary->layout, &trailer), "reading the trailer");
    if (trailer.magic != TRAILER_MAGIC_GOOD) {
        if (!check_flash(update.places[UPDATE_SECONDARY].area)) {
            fail("flash checks", ERR_FLASH_IO);
        }
        copy_image();
        printf("PASS update requested\n");
        restart();
    }
    if (trailer.image_ok != TRAILER_FLAG_SET) {
        printf("PASS update runs on trial\n");
        restart();
    }
    printf("PASS update was taken back\nexternal_flash: all checks passed\n");
    for (;;) {
        soc_idle();
    }
}
