/*
 * Image pairs that need one another: an image's dependency TLVs name versions that the other pairs must have, and a
 * set of images is installed and started together or not at all. docs/SPEC.md, "Several images". Only linked when
 * there is more than one pair.
 */
#ifndef BOOT_DEPENDENCY_H
#define BOOT_DEPENDENCY_H

#include "boot/mode.h"

/*
 * Withdraws requests until every image's dependencies are met by what would run: by the images to be installed where
 * an update is admitted, otherwise by those in the primaries. A request that cannot be met is refused; a tested image
 * whose dependencies are not met goes back. Bounded: each pair changes its mind at most twice.
 */
void dependency_settle(struct boot *boots, size_t count);

#endif
