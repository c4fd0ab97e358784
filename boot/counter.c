#include "boot/counter.h"

#include <farboot/log.h>

void counter_keep(const struct boot_config *config, struct records *records, uint8_t index, const struct image *image)
{
    uint32_t value = 0;

    if (BOOT_OPTION(config, security_counter, CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION) &&
        image_security_counter(image, &value) == OK && records_raise_counter(records, index, value) != OK) {
        LOG_ERR("Security counter of image %u is not recorded", (unsigned)index);
    }
}

void counter_open(const struct boot_config *config, struct records *records, const struct journal_value *values,
                  size_t count)
{
    records_open(records, config->journal, values, count);
    if (records->journal.error != OK && config->journal != NULL) {
        LOG_ERR("boot_journal is not usable: error -0x%x", (unsigned)-records->journal.error);
    }
}
