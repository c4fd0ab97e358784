/*
 * The nRF52840's access control lists: eight ranges of flash closed to writing or reading until the next reset. The
 * registers live in the NVMC's page at 0x800 (product specification, ACL).
 */
#ifndef VBOARD_NRF_ACL_H
#define VBOARD_NRF_ACL_H

#include "vboard/periph.h"

enum { ACL_FIRST = 0x800, ACL_LAST = 0x87c, ACL_WRITE = 2, ACL_READ = 4 };

#define ACL_ROW                                                                                                        \
    {                                                                                                                  \
        ACL_FIRST, ACL_LAST, PERIPH_READ_WRITE, 0xffffffffU, 0                                                         \
    }

/* A register of the lists was written: what was set before stays. */
void acl_written(struct periph *periph, uint32_t off, uint32_t old);

/* Whether a range that closes `permission` (ACL_WRITE, ACL_READ) overlaps [addr, addr + len). */
bool acl_blocks(const struct periph *periph, uint32_t permission, uint32_t addr, uint32_t len);

#endif
