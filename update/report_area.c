/* Where the boot information of this image is. */
#include "update/report.h"

#include <farboot/util.h>

#include "pm_config.h"

/* The partition exists when the bootloader has CONFIG_BOOT_SHARE_DATA_BOOTINFO. */
#ifdef PM_BOOT_INFO_ADDRESS
#define AREA      ((const void *)PM_BOOT_INFO_ADDRESS)
#define AREA_SIZE ((size_t)PM_BOOT_INFO_SIZE)
#else
#define AREA      NULL
#define AREA_SIZE ((size_t)0)
#endif

const char *report_text(void)
{
    static char text[REPORT_SIZE];
    struct boot_info info;

    if (AREA_SIZE > 0 && boot_info_read_untrusted(AREA, AREA_SIZE, &info)) {
        report_format(&info, text, sizeof text);
    }
    return text;
}
