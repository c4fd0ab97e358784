/*
 * Which of the candidates of several pairs may be started together: the best set in which every dependency is met.
 * Only linked when there is more than one pair.
 */
#include "boot/choose.h"
#include "boot/dependency.h"

const struct choice_slot *choice_of_set(const struct choice *choice, unsigned set, size_t index)
{
    return &choice->pairs[index].slots[set >> index & 1U];
}

/* One failed image is worse than any number without a request, and one of those than any number of second choices. */
static unsigned cost(const struct choice *choice, unsigned set)
{
    static const uint8_t by_rank[] = {[CHOICE_FAILED] = 64, [CHOICE_UNREQUESTED] = 8, [CHOICE_REQUESTED] = 0};
    unsigned sum = 0;

    for (size_t i = 0; i < choice_pairs(choice->config); i++) {
        const struct choice_slot *slot = choice_of_set(choice, set, i);

        sum += by_rank[slot->rank] + (slot != choice_best_of(&choice->pairs[i]) ? 1U : 0U);
    }
    return sum;
}

_Static_assert(BOOT_IMAGES_MAX < 8, "costs of one kind must not reach those of the next");

/* What is verified is asked where it runs; what is not yet, in flash, and again when it is chosen. */
static bool is_met(const struct choice *choice, unsigned set)
{
    struct image images[BOOT_IMAGES_MAX];
    size_t count = choice_pairs(choice->config);
    bool met = true;

    for (size_t i = 0; i < count; i++) {
        const struct choice_slot *slot = choice_of_set(choice, set, i);

        images[i] = slot == choice->pairs[i].chosen ? choice->pairs[i].running : slot->image;
        met = met && slot->error == OK;
    }
    for (size_t i = 0; met && i < count; i++) {
        met = dependency_first_unmet(images, count, i) == count;
    }
    return met;
}

bool choice_best_set(const struct choice *choice, unsigned *best)
{
    unsigned best_cost = UINT32_MAX;

    for (unsigned set = 0; set < 1U << choice_pairs(choice->config); set++) {
        if (cost(choice, set) < best_cost && is_met(choice, set)) {
            best_cost = cost(choice, set);
            *best = set;
        }
    }
    return best_cost != UINT32_MAX;
}
