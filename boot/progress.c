/* What the user sees of an update: a line per tenth, an LED that toggles, and the product's hook. */
#include "boot/progress.h"

#include <farboot/boot_hooks.h>
#include <farboot/indication_led.h>
#include <farboot/log.h>
#include <farboot/util.h>

#include "boot/chosen.h"
#include "boot/mode.h"

static struct {
    uint32_t done; /* bytes */
    uint32_t total;
    unsigned shown; /* percent */
} progress;

/* In units of 128 bytes, so that no size overflows 32 bits. */
static unsigned percent_done(void)
{
    uint32_t total = progress.total / 128;

    return progress.done >= progress.total || total == 0 ? 100 : (unsigned)(progress.done / 128 * 100 / total);
}

static void show(unsigned percent)
{
    if (percent / 10 != progress.shown / 10) {
        LOG_INF("Update: %u %%", percent / 10 * 10);
    }
    if (percent != progress.shown) {
        boot_hook_progress(percent);
    }
    progress.shown = percent;
}

/* Planning and advancing are pure, so an update can be gone through in thought. Every mode is counted the same way. */
static uint32_t work_ahead(const struct boot *boot)
{
    struct update ahead = boot->update;
    const struct boot_mode *mode = boot_mode(boot);
    struct boot_step step;
    uint32_t total = 0;

    do {
        step = (struct boot_step){.kind = STEP_DONE};
        mode->plan(&ahead, &step);
        total += step.kind == STEP_COPY || step.kind == STEP_FILL ? step.len : 0;
        if (step.kind == STEP_VERIFY) {
            ahead.is_installed = HARDENED_TRUE;
        }
        mode->advance(&ahead, &step);
    } while (step.kind != STEP_DONE);
    return total;
}

void progress_begin_bytes(uint32_t bytes)
{
    if (IS_ENABLED(CONFIG_MCUBOOT_INDICATION_LED)) {
        indication_led_init();
    }
    progress.done = 0;
    progress.total = bytes;
    progress.shown = 0;
    boot_hook_progress(0);
}

void progress_begin(const struct boot *boot)
{
    progress_begin_bytes(work_ahead(boot));
}

void progress_add(uint32_t bytes)
{
    progress.done += bytes;
    if (IS_ENABLED(CONFIG_MCUBOOT_INDICATION_LED)) {
        indication_led_toggle();
    }
    show(percent_done());
}
