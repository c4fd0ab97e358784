/* An application that updates itself: it serves SMP on its console and does nothing else. */
#include <stdio.h>

#include <farboot/console.h>
#include <farboot/soc.h>

#include "smp/smp_console.h"
#include "update/report.h"
#include "update/server_images.h"
#include "update/update.h"

static struct update update;

int main(void)
{
    console_init();
    if (update_open(&update, &update_configs[0]) != OK) {
        panic("the slot of the running image cannot be opened");
    }
    printf("smp_update %s (slot %s, %s)\n", CONFIG_MCUBOOT_IMGTOOL_SIGN_VERSION,
           update.running == UPDATE_PRIMARY ? "primary" : "secondary",
           update_is_confirmed(&update) ? "confirmed" : "test");

    smp_console_init(&update_server_images, &update, 1, report_text());
    for (;;) {
        smp_console_serve();
    }
}
