/*
 * Image pairs that need one another: an image's dependency TLVs name versions that the other pairs must have, and a
 * set of images is installed and started together or not at all. docs/SPEC.md, "Several images". Only linked when
 * there is more than one pair.
 */
#ifndef BOOT_DEPENDENCY_H
#define BOOT_DEPENDENCY_H

#include "boot/mode.h"

/*
 * Of the images that are to run together, by pair; an area of NULL: there is none, and it depends on nothing.
 * Returns the pair that the first unmet dependency of pair `index` names, or `index` itself where it names none that
 * could be met; `count` when all are met.
 */
size_t dependency_first_unmet(const struct image *images, size_t count, size_t index);

/*
 * Withdraws requests until every image's dependencies are met by what would run: by the images to be installed where
 * an update is admitted, otherwise by those in the primaries. A request that cannot be met is refused; a tested image
 * whose dependencies are not met goes back. Bounded: each pair changes its mind at most twice.
 */
void dependency_settle(struct boot *boots, size_t count);

#endif
