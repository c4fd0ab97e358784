/*
 * What must hold of every map, whoever made it.
 */
#ifndef PARTITION_PM_CHECK_H
#define PARTITION_PM_CHECK_H

#include "partition/pm_map.h"

/*
 * Every partition is in a known region and within its range; no two overlap, containers and what is left of a simple
 * region apart; every member of a container exists; no two names make the same macro. What lies within a container that
 * does not span it, as with some static files, is a line in `notes`. Returns OK, ERR_HOST_INPUT.
 */
int pm_check(const struct pm_map *map, struct buffer *notes, struct failure *failure) ERROR_MUST_CHECK;

#endif
