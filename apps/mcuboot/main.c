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

#include "apps/mcuboot/places.h"
#include "apps/mcuboot/share.h"
#include "boot/boot.h"

#define ATTEMPTS         3
#define ATTEMPT_PAUSES   10
#define ATTEMPT_PAUSE_US 100000U

/* From the build: the public key of CONFIG_BOOT_SIGNATURE_KEY_FILE. */
extern const unsigned char ecdsa_pub_key[];
extern const unsigned int ecdsa_pub_key_len;

/* Partitions of an image pair; the names are the nRF Connect SDK's. */
#define PAIR(n)                                                                                                        \
    {PM_MCUBOOT_PRIMARY_##n##_ADDRESS, PM_MCUBOOT_PRIMARY_##n##_ID, PM_MCUBOOT_SECONDARY_##n##_ID,                     \
     PLACES_BACKUP_##n##_ID},

/* By image index; the first one is started. */
static const struct {
    uint32_t primary_address;
    uint8_t primary;
    uint8_t secondary;
    uint8_t backup; /* upgrade with backup */
} pairs[] = {
    /* clang-format off */
    {COND_CODE_1(CONFIG_BOOT_COPY_TO_RAM, (PM_MCUBOOT_RAM_ADDRESS), (PM_MCUBOOT_PRIMARY_ADDRESS)), PM_MCUBOOT_PRIMARY_ID, PLACES_SECONDARY_ID, PLACES_BACKUP_ID},
    COND_CODE_1(CONFIG_BOOT_IMAGE_1, (PAIR(1)), ())
    COND_CODE_1(CONFIG_BOOT_IMAGE_2, (PAIR(2)), ())
    COND_CODE_1(CONFIG_BOOT_IMAGE_3, (PAIR(3)), ())
    /* clang-format on */
};

static uint8_t work_space[1024] __attribute__((aligned(4)));

/* Every partition of this boot, and so all that it may write: up to three per image pair, scratch and journal. */
static const struct flash_area *slots[3 * BOOT_IMAGES_MAX + 2];
static size_t slot_count;

/* A slot whose device answers. NULL otherwise, after one warning: the primary must boot without a secondary. */
static const struct flash_area *open_slot(uint8_t id, const char *name)
{
    const struct flash_area *area = NULL;
    int err = flash_area_open(id, &area);

    if (err == OK && slot_count < ARRAY_SIZE(slots)) {
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

/* The map has the partition when something is kept there. */
static const struct flash_area *open_journal(void)
{
    return COND_CODE_1(CONFIG_BOOT_JOURNAL, (open_slot(PM_BOOT_JOURNAL_ID, "journal")), (NULL));
}

/* What a configuration does not choose is not linked. */
static int find(const struct boot_config *config, struct boot_result *result)
{
    if (IS_ENABLED(CONFIG_SINGLE_APPLICATION_SLOT)) {
        return boot_single(config, result);
    }
    return IS_ENABLED(CONFIG_BOOT_CHOOSES_IMAGE) ? boot_choose(config, result) : boot_go(config, result);
}

static int run(const struct boot_config *config, struct boot_result *result)
{
    struct boot_result found;
    int err;

    if (!IS_ENABLED(CONFIG_BOOT_COPY_TO_RAM)) {
        return find(config, result);
    }
    err = find(config, &found);
    return err == OK ? boot_copy_to_ram(config, &found, result) : err;
}

/* Where the secondary can be executed; 0: nowhere. */
static uint32_t secondary_address(const struct boot_areas *image)
{
    if (image->secondary == NULL) {
        return 0;
    }
    if (image->secondary->dev == image->primary->dev) {
        return image->primary_address - image->primary->off + image->secondary->off;
    }
    return PLACES_EXTERNAL_ADDRESS == 0 ? 0 : PLACES_EXTERNAL_ADDRESS + image->secondary->off;
}

/* One more partition of a device that was brought up for `beside`; NULL without that. */
static const struct flash_area *open_beside(const struct flash_area *beside, uint8_t id)
{
    const struct flash_area *area = NULL;

    if (!IS_ENABLED(CONFIG_BOOT_UPGRADE_WITH_BACKUP) || beside == NULL || flash_area_open(id, &area) != OK ||
        area->dev != beside->dev) {
        return NULL;
    }
    slots[slot_count++] = area;
    return area;
}

/* Returns false when there is no primary. */
static bool open_pair(size_t index, struct boot_areas *image)
{
    image->primary = open_slot(pairs[index].primary, "primary");
    image->secondary =
        IS_ENABLED(CONFIG_SINGLE_APPLICATION_SLOT) ? NULL : open_slot(pairs[index].secondary, "secondary");
    image->backup = open_beside(image->secondary, pairs[index].backup);
    image->primary_address = pairs[index].primary_address;
    if (image->primary == NULL) {
        return false;
    }
    image->secondary_address = IS_ENABLED(CONFIG_BOOT_DIRECT_XIP) ? secondary_address(image) : 0;
    return true;
}

static const struct flash_area *open_scratch(void)
{
    return COND_CODE_1(CONFIG_BOOT_SWAP_USING_SCRATCH, (open_slot(PM_MCUBOOT_SCRATCH_ID, "scratch")), (NULL));
}

/* Not inlined: its frame is large, and should it not fit, the console is there to say so. */
static __attribute__((noinline)) int attempt(struct boot_result *result)
{
    const struct boot_key key = {ecdsa_pub_key, ecdsa_pub_key_len};
    struct boot_areas images[ARRAY_SIZE(pairs)];
    const struct boot_config config = {
        .images = images,
        .image_count = ARRAY_SIZE(images),
        .ram = {(uint8_t *)PLACES_RAM_ADDRESS, PLACES_RAM_ADDRESS, PLACES_RAM_SIZE},
        .journal = open_journal(),
        .scratch = open_scratch(),
        .keys = &key,
        .key_count = 1,
        .buffer = work_space,
        .buffer_size = sizeof work_space,
        .clock_us = IS_ENABLED(CONFIG_BOOT_SHARE_DATA_BOOTINFO) ? timer_now_us : NULL,
        .max_sectors = CONFIG_BOOT_MAX_IMG_SECTORS,
        .overwrite_whole = !IS_ENABLED(CONFIG_BOOT_OVERWRITE_ONLY_FAST),
        .overwrite_keeps_image = IS_ENABLED(CONFIG_BOOT_OVERWRITE_ONLY_KEEP_BACKUP),
    };

    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        if (!open_pair(i, &images[i])) {
            return ERR_FLASH_NO_AREA;
        }
    }
    if (IS_ENABLED(CONFIG_BOOT_WRITE_GUARD)) {
        flash_guard_set(slots, slot_count);
    }
    return run(&config, result);
}

/* Controllers and chips as after reset, for the application's own drivers. */
static void close_slots(void)
{
    const struct flash_device *closed = NULL;

    while (slot_count > 0) {
        const struct flash_device *dev = slots[--slot_count]->dev;

        if (!IS_ENABLED(CONFIG_BOOT_UPGRADE_WITH_BACKUP) || dev != closed) {
            (void)flash_deinit(dev);
        }
        closed = dev;
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
    LOG_INF("Starting %sbootloader", IS_ENABLED(CONFIG_BOOT_DIRECT_XIP) ? "Direct-XIP " : "");
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
    LOG_INF("Bootloader chainload address offset: 0x%x",
            (unsigned)(PLACES_RAM_SIZE > 0 ? result.address : result.image_off));
    LOG_INF("Image version: v%d.%d.%d", result.header.version.major, result.header.version.minor,
            result.header.version.revision);
    LOG_INF("Jumping to the %simage slot", IS_ENABLED(CONFIG_BOOT_DIRECT_XIP) ? "" : "first ");
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
    soc_jump(result.address + result.header.hdr_size);
}
