#include <farboot/console.h>
#include <farboot/log.h>
#include <farboot/soc.h>

#include "pm_config.h"

int main(void)
{
    console_init();
    LOG_INF("Starting bootloader");
    console_deinit();
    soc_jump(PM_APP_ADDRESS);
}
