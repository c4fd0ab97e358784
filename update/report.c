#include "update/report.h"

#include <stdarg.h>
#include <stdio.h>

#include <farboot/error.h>

struct text {
    char *at;
    size_t left; /* the final zero included */
};

static void __attribute__((format(printf, 2, 3))) add(struct text *text, const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    if (len > 0 && text->left > 0) {
        size_t taken = (size_t)len < text->left ? (size_t)len : text->left - 1;

        text->at += taken;
        text->left -= taken;
    }
}

/* The name in the registry, from module and number. */
static void add_error(struct text *text, int error)
{
    static const char *const modules[] = {"ERROR", "FLASH", "IMAGE", "BOOT", "CRYPTO"};
    unsigned module = (unsigned)-error >> 8;

    add(text, "%s-%u", modules[module < sizeof modules / sizeof modules[0] ? module : 0], (unsigned)-error & 0xff);
}

static void add_outcome(struct text *text, const struct boot_info *info, unsigned image)
{
    static const char *const types[] = {"test", "permanent", "revert"};
    const struct boot_info_outcome *outcome = &info->outcome[image];

    if (outcome->performed >= 2 && outcome->performed <= 4) {
        add(text, ", %s update", types[outcome->performed - 2]);
        if (info->update_ms > 0) { /* nothing is moved where images run from where they lie */
            add(text, " in %u ms", (unsigned)info->update_ms);
        }
    }
    if (outcome->refused < 0) {
        add(text, outcome->refused == ERR_BOOT_POSTPONED ? ", postponed " : ", refused ");
        add_error(text, outcome->refused);
    }
    if (image > 0 && (outcome->performed > 1 || outcome->refused < 0)) {
        add(text, " (image %u)", image);
    }
}

void report_format(const struct boot_info *info, char *text, size_t size)
{
    struct text out = {text, size};

    if (size > 0) {
        text[0] = '\0';
    }
    if (info->image_count == 0) {
        return; /* another bootloader, which tells no more than its mode */
    }
    add(&out, "booted in %u ms", (unsigned)info->boot_ms);
    if (info->mode == BOOT_INFO_MODE_BACKUP) {
        add(&out, " (upgrade with backup)");
    }
    for (unsigned image = 0; image < info->image_count && image < BOOT_INFO_IMAGES_MAX; image++) {
        add_outcome(&out, info, image);
    }
}
