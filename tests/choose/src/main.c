/*
 * Says which image runs and where, by what is in front of the vector table that the processor uses. Data, code and a
 * variable of its own are looked at, so that an image linked for one place and started in another does not get that
 * far.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <farboot/console.h>
#include <farboot/image_format.h>
#include <farboot/soc.h>

#include "pm_config.h"

#define VTOR 0xe000ed08U

static volatile uint32_t initialized = 0x600df00d;
static volatile uint32_t zeroed;

int main(void)
{
    uint32_t vectors = *(volatile uint32_t *)VTOR;
    const struct image_header *header = (const struct image_header *)(vectors - PM_MCUBOOT_PAD_SIZE);
    uint32_t code = (uint32_t)(uintptr_t)&main;
    bool is_sound = initialized == 0x600df00d && zeroed == 0 && code - vectors < header->img_size;

    console_init();
    printf("choose %u.%u.%u runs at 0x%08x (%s)\n", header->version.major, header->version.minor,
           header->version.revision, (unsigned)vectors, is_sound ? "sound" : "broken");
    for (;;) {
        soc_idle();
    }
}
