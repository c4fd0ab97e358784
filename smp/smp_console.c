#include "smp/smp_console.h"

#include <farboot/console.h>
#include <farboot/soc.h>
#include <farboot/util.h>

#include "smp/message.h"
#include "smp/service.h"

/* What the configuration leaves out is not referred to, and so not linked. */
/* clang-format off */
static const struct server_group *const groups[] = {
    COND_CODE_1(CONFIG_MCUMGR_GRP_OS, (&server_group_os,), ())
    COND_CODE_1(CONFIG_MCUMGR_GRP_IMG, (&server_group_image,), ())
};
/* clang-format on */

static struct server_info info[] = {
    {'s', "Farboot"},
    {'v', CONFIG_MCUBOOT_IMGTOOL_SIGN_VERSION},
    {'i', CONFIG_BOARD},
    {'u', ""}, /* Farboot's own letter: how the bootloader led here */
};

#define MODE(name) IS_ENABLED(UTIL_CAT(CONFIG_MCUBOOT_BOOTLOADER_MODE_, name))

static struct server_config config = {
    .groups = groups,
    .group_count = ARRAY_SIZE(groups),
    .info = info,
    .info_count = ARRAY_SIZE(info),
    .packet_size = CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE,
    .boot_mode = MODE(SWAP_USING_OFFSET)        ? MESSAGE_BOOT_SWAP_USING_OFFSET
                 : MODE(SWAP_USING_MOVE)        ? MESSAGE_BOOT_SWAP_USING_MOVE
                 : MODE(SWAP_SCRATCH)           ? MESSAGE_BOOT_SWAP_USING_SCRATCH
                 : MODE(OVERWRITE_ONLY)         ? MESSAGE_BOOT_OVERWRITE_ONLY
                 : MODE(DIRECT_XIP)             ? MESSAGE_BOOT_DIRECT_XIP
                 : MODE(DIRECT_XIP_WITH_REVERT) ? MESSAGE_BOOT_DIRECT_XIP_REVERT
                 : MODE(RAM_LOAD) || MODE(RAM_LOAD_WITH_REVERT)
                     ? MESSAGE_BOOT_RAM_LOAD
                     : MESSAGE_BOOT_UNKNOWN, /* upgrade with backup has no number */
};

static struct service service;
static uint8_t request[CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE];
static uint8_t response[CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE];

static void write(void *context, const void *data, size_t len)
{
    (void)context;
    console_write(data, len);
}

void smp_console_init(const struct server_images *images, void *context, unsigned image_count, const char *boot)
{
    info[ARRAY_SIZE(info) - 1].text = boot;
    config.info_count = boot[0] != '\0' ? ARRAY_SIZE(info) : ARRAY_SIZE(info) - 1;
    config.images = images;
    config.images_context = context;
    config.image_count = image_count;
    service_init(&service, &config, request, response, sizeof(response), write, NULL);
}

void smp_console_serve(void)
{
    uint8_t bytes[64];
    size_t len = console_wait(bytes, sizeof(bytes));

    if (service_receive(&service, bytes, len)) {
        /* Not before the response has left. */
        console_deinit();
        soc_reset();
    }
}
