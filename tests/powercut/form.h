/*
 * What a journal says, without what never comes again: the numbers of its pages' generations and of an update's runs,
 * and records that a later one has replaced. Two journals of the same form are the same to the bootloader in every
 * boot, now and after whatever is appended; docs/TESTING.md, "upgrade with backup", says why.
 */
#ifndef TESTS_POWERCUT_FORM_H
#define TESTS_POWERCUT_FORM_H

#include "tests/powercut/world.h"

struct form_cache; /* of journals that were seen */

struct form_cache *form_cache_new(void);
void form_cache_free(struct form_cache *cache);

/*
 * The key of the world's state after state_settle, with the journal's form in place of its contents; but where the
 * core reads the journal otherwise than form.c does its contents count. What is doomed (doomed.h) counts only where
 * that is asked for: at an instant of a boot, in which the journal may be about to say something else.
 */
struct state_key form_key(struct form_cache *cache, const struct world *world, bool with_doomed);

/* How often that was so: never, unless the core or form.c does not keep to docs/SPEC.md. */
uint64_t form_disagreements(const struct form_cache *cache);

/*
 * Takes the same numbers out of `data`, which is about to be programmed at `off` of the internal device; `len` bytes,
 * into `out`.
 */
void form_of_program(struct form_cache *cache, const struct world *world, uint32_t off, const uint8_t *data,
                     uint32_t len, uint8_t *out);

#endif
