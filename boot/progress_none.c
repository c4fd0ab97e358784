/* Without CONFIG_BOOT_PROGRESS. */
#include "boot/progress.h"

void progress_begin(const struct boot *boot)
{
    (void)boot;
}

void progress_begin_bytes(uint32_t bytes)
{
    (void)bytes;
}

void progress_add(uint32_t bytes)
{
    (void)bytes;
}
