/*
 * The bootloader image: devices up, boot_go, devices down, jump. The core decides everything (boot/boot.h); here is
 * what depends on the target and on this image's configuration.
 */
#include <farboot/console.h>
#include <farboot/flash_guard.h>
#include <farboot/indication_led.h>
#include <farboot/log.h>
#include <farboot/soc.h>
#include <farboot/timer.h>
#include <farboot/util.h>

#include "apps/mcuboot/share.h"
#include "boot/boot.h"
#include "pm_config.h"

#define ATTEMPTS         3
#define ATTEMPT_PAUSES   10
#define ATTEMPT_PAUSE_US 100000U

/* From the build: the public key of CONFIG_BOOT_SIGNATURE_KEY_FILE. */
extern const unsigned char ecdsa_pub_key[];
extern const unsigned int ecdsa_pub_key_len;

static uint8_t work_space[1024] __attribute__((aligned(4)));

/* Every partition of this boot, and so all that it may write. */
static const struct flash_area *slots[2];
static size_t slot_count;

/* A slot whose device answers. NULL otherwise, after one warning: the primary must boot without a secondary. */
static const struct flash_area *open_slot(uint8_t id, const char *name)
{
    const struct flash_area *area = NULL;
    int err = flash_area_open(id, &area);

    if (err == OK) {
        slots[slot_count++] = area;
        err = flash_init(area->dev);
    }
    if (err == ERR_FLASH_NO_DEVICE || err == ERR_FLASH_WRONG_DEVICE) {
        return NULL; /* the driver has said so, with what it expected and found */
    }
    if (err != OK) {
        LOG_WRN("No %s slot: flash device %s, error FLASH-%d", name,
                area != NULL ? area->dev->name : "not in this image", -err & 0xff);
        return NULL;
    }
    return area;
}

static int attempt(struct boot_result *result)
{
    const struct boot_key key = {ecdsa_pub_key, ecdsa_pub_key_len};
    const struct boot_areas image = {
        .primary = open_slot(PM_MCUBOOT_PRIMARY_ID, "primary"),
        .secondary = open_slot(PM_MCUBOOT_SECONDARY_ID, "secondary"),
        .primary_address = PM_MCUBOOT_PRIMARY_ADDRESS,
    };
    const struct boot_config config = {
        .images = &image,
        .image_count = 1,
        .keys = &key,
        .key_count = 1,
        .buffer = work_space,
        .buffer_size = sizeof work_space,
        .clock_us = IS_ENABLED(CONFIG_BOOT_SHARE_DATA_BOOTINFO) ? timer_now_us : NULL,
        .max_sectors = CONFIG_BOOT_MAX_IMG_SECTORS,
        .validate_primary = IS_ENABLED(CONFIG_BOOT_VALIDATE_SLOT0),
        .downgrade_prevention = IS_ENABLED(CONFIG_MCUBOOT_DOWNGRADE_PREVENTION),
        .verify_address = IS_ENABLED(CONFIG_MCUBOOT_VERIFY_IMG_ADDRESS),
    };

    if (IS_ENABLED(CONFIG_BOOT_WRITE_GUARD)) {
        flash_guard_set(slots, slot_count);
    }
    return image.primary != NULL ? boot_go(&config, result) : ERR_FLASH_NO_AREA;
}

/* Controllers and chips as after reset, for the application's own drivers. */
static void close_slots(void)
{
    while (slot_count > 0) {
        (void)flash_deinit(slots[--slot_count]->dev);
    }
}

/* Sleeps between attempts, in parts, so that the watchdog is fed. */
static void pause(void)
{
    for (int i = 0; i < ATTEMPT_PAUSES; i++) {
        timer_wait(ATTEMPT_PAUSE_US);
    }
}

static const char banner[] = "*** Booting Farboot " FARBOOT_VERSION " ***\r\n";

int main(void)
{
    struct boot_result result = {.is_verified = HARDENED_FALSE};
    int err = ERR_BOOT_NO_IMAGE;

    console_init();
    console_write(banner, sizeof(banner) - 1);
    LOG_INF("Starting bootloader");
    for (int i = 0; i < ATTEMPTS && err != OK; i++) {
        if (i > 0) { /* a device that failed in the middle of an update may be back */
            close_slots();
            pause();
        }
        err = attempt(&result);
    }
    close_slots();
    if (err != OK) {
        LOG_ERR("Unable to find bootable image");
        console_deinit();
        for (;;) {
            soc_idle();
        }
    }
    LOG_INF("Bootloader chainload address offset: 0x%x", (unsigned)result.image_off);
    LOG_INF("Image version: v%d.%d.%d", result.header.version.major, result.header.version.minor,
            result.header.version.revision);
    LOG_INF("Jumping to the first image slot");
    /* The way here was an error code, which a fault can skip; the jump itself wants the proof (hardened.h). */
    HARDENED_CHECK(hardened_launder(result.is_verified) == HARDENED_TRUE);
    HARDENED_CHECK(result.is_verified == HARDENED_TRUE);
    if (IS_ENABLED(CONFIG_MCUBOOT_INDICATION_LED)) {
        indication_led_deinit();
    }
    console_deinit();
    if (IS_ENABLED(CONFIG_BOOT_SHARE_DATA_BOOTINFO)) {
        share_boot_info(&result);
    }
    soc_jump(PM_MCUBOOT_PRIMARY_ADDRESS + result.header.hdr_size);
}
