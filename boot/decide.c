#include "boot/decide.h"

#define ANY   0
#define GOOD  TRAILER_MAGIC_GOOD
#define SET   TRAILER_FLAG_SET
#define UNSET TRAILER_FLAG_UNSET

/*
 * MCUboot's table. The first row exists only in swap using offset, where a revert announces itself in the secondary
 * trailer while the primary's is rewritten. A mode uses the rows that can occur in it.
 */
static const struct swap_rule rows[] = {
    /* magic          image_ok      copy_done   */
    /* pri   sec      pri   sec     pri   sec   */
    {{ANY, GOOD, ANY, UNSET, ANY, SET}, SWAP_REVERT},
    {{ANY, GOOD, ANY, UNSET, ANY, ANY}, SWAP_TEST},
    {{ANY, GOOD, ANY, SET, ANY, ANY}, SWAP_PERM},
    {{GOOD, ANY, UNSET, ANY, SET, ANY}, SWAP_REVERT},
};

const struct swap_rules swap_rules_offset = {&rows[0], 4};
const struct swap_rules swap_rules_swap = {&rows[1], 3};
const struct swap_rules swap_rules_overwrite = {&rows[1], 2};

static bool applies(const struct swap_rule *rule, const uint8_t *found)
{
    for (size_t i = 0; i < SWAP_RULE_FIELDS; i++) {
        if (rule->wanted[i] != ANY && rule->wanted[i] != found[i]) {
            return false;
        }
    }
    return true;
}

enum swap_type swap_decide(const struct swap_rules *rules, const struct trailer *primary,
                           const struct trailer *secondary)
{
    const uint8_t found[SWAP_RULE_FIELDS] = {
        (uint8_t)primary->magic,      (uint8_t)secondary->magic,   (uint8_t)primary->image_ok,
        (uint8_t)secondary->image_ok, (uint8_t)primary->copy_done, (uint8_t)secondary->copy_done,
    };

    for (uint8_t i = 0; i < rules->count; i++) {
        if (applies(&rules->rows[i], found)) {
            return (enum swap_type)rules->rows[i].type;
        }
    }
    return SWAP_NONE;
}
