/*
 * Security counters where images are verified and started, the same for modes that install and modes that choose.
 * docs/SPEC.md, "Security counter". Without the option nothing of it is compiled.
 */
#ifndef BOOT_COUNTER_H
#define BOOT_COUNTER_H

#include "boot/boot.h"
#include "boot/records.h"

/* Verifies as `config` says, images of pair `index`. `records` is read only where counters are kept. */
static inline void counter_set_verifier(struct verifier *verifier, const struct boot_config *config,
                                        const struct records *records, uint8_t index)
{
    verifier->keys = config->keys;
    verifier->key_count = config->key_count;
    verifier->buffer = config->buffer;
    verifier->buffer_size = config->buffer_size;
    verifier->digest = NULL;
    verifier->has_counter = BOOT_OPTION(config, security_counter, CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION);
    if (verifier->has_counter) {
        verifier->lowest_counter = records_counter(records, index);
    }
}

/*
 * Keeps the counter of an image that is confirmed, verified and about to be started: the way back below it is closed
 * for good. A failure is said and keeps nothing from booting; the next boot tries again.
 */
void counter_keep(const struct boot_config *config, struct records *records, uint8_t index, const struct image *image);

/* Reads what is kept; what cannot be read is said. */
void counter_open(const struct boot_config *config, struct records *records, const struct journal_value *values,
                  size_t count);

#endif
