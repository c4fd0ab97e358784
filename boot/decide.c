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
    {ANY, GOOD, ANY, UNSET, ANY, SET, SWAP_REVERT},
    {ANY, GOOD, ANY, UNSET, ANY, ANY, SWAP_TEST},
    {ANY, GOOD, ANY, SET, ANY, ANY, SWAP_PERM},
    {GOOD, ANY, UNSET, ANY, SET, ANY, SWAP_REVERT},
};

const struct swap_rules swap_rules_offset = {&rows[0], 4};
const struct swap_rules swap_rules_overwrite = {&rows[1], 2};

static bool matches(uint8_t wanted, unsigned found)
{
    return wanted == ANY || wanted == found;
}

static bool applies(const struct swap_rule *rule, const struct trailer *primary, const struct trailer *secondary)
{
    return matches(rule->magic_primary, primary->magic) && matches(rule->magic_secondary, secondary->magic) &&
           matches(rule->image_ok_primary, primary->image_ok) &&
           matches(rule->image_ok_secondary, secondary->image_ok) &&
           matches(rule->copy_done_primary, primary->copy_done) &&
           matches(rule->copy_done_secondary, secondary->copy_done);
}

enum swap_type swap_decide(const struct swap_rules *rules, const struct trailer *primary,
                           const struct trailer *secondary)
{
    for (uint8_t i = 0; i < rules->count; i++) {
        if (applies(&rules->rows[i], primary, secondary)) {
            return (enum swap_type)rules->rows[i].type;
        }
    }
    return SWAP_NONE;
}
