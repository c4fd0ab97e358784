/* What two trailers ask for, when no update is half done. The tables are data: docs/SPEC.md, "Decision". */
#ifndef BOOT_DECIDE_H
#define BOOT_DECIDE_H

#include "boot/trailer.h"

/* What is compared, in this order; each of the primary and of the secondary trailer. */
#define SWAP_RULE_FIELDS 6 /* magic, magic, image_ok, image_ok, copy_done, copy_done */

/* One row; it applies when every field that is not 0 (any) equals the trailers'. Values are of the trailer's enums. */
struct swap_rule {
    uint8_t wanted[SWAP_RULE_FIELDS];
    uint8_t type; /* enum swap_type */
};

struct swap_rules {
    const struct swap_rule *rows;
    uint8_t count;
};

extern const struct swap_rules swap_rules_offset;
extern const struct swap_rules swap_rules_swap; /* move and scratch */
extern const struct swap_rules swap_rules_overwrite;

/* The first row that applies; SWAP_NONE when none does. */
enum swap_type swap_decide(const struct swap_rules *rules, const struct trailer *primary,
                           const struct trailer *secondary);

#endif
