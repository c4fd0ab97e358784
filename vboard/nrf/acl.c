#include "vboard/nrf/acl.h"

#define LISTS   8U
#define PAGE    4096U
#define MAXIMUM 0x80000U /* bytes: half of the flash */

void acl_written(struct periph *periph, uint32_t off, uint32_t old)
{
    uint32_t value = PERIPH_REG(periph, off);
    uint32_t which = off & 15U;

    if (old != 0) {
        PERIPH_REG(periph, off) = old;
        if (value != old) {
            machine_bug(periph->machine, "ACL register 0x%03x is changed a second time; it is locked until reset",
                        (unsigned)off);
        }
        return;
    }
    if ((which == 0 && value % PAGE != 0) || (which == 4 && (value % PAGE != 0 || value > MAXIMUM))) {
        machine_bug(periph->machine, "ACL register 0x%03x gets 0x%x: not a multiple of 4 KiB, or above 512 KiB",
                    (unsigned)off, (unsigned)value);
    }
}

bool acl_blocks(const struct periph *periph, uint32_t permission, uint32_t addr, uint32_t len)
{
    for (uint32_t i = 0; i < LISTS; i++) {
        uint32_t start = PERIPH_REG(periph, ACL_FIRST + 16 * i);
        uint32_t size = PERIPH_REG(periph, ACL_FIRST + 16 * i + 4);
        uint32_t perm = PERIPH_REG(periph, ACL_FIRST + 16 * i + 8);

        if ((perm & permission) != 0 && addr < start + size && start < addr + len) {
            return true;
        }
    }
    return false;
}
