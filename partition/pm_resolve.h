/*
 * From what is wanted and what is fixed to a map: every partition with an address and a size.
 */
#ifndef PARTITION_PM_RESOLVE_H
#define PARTITION_PM_RESOLVE_H

#include "partition/pm_map.h"

/*
 * Places `wanted` around `fixed` (both are used up) in the regions of `map` and fills in map->partitions, sorted by
 * name. What a user should know but is no error is added to `notes`, a line each. The result has passed pm_check.
 * Returns OK, ERR_HOST_INPUT.
 */
int pm_resolve(struct pm_map *map, struct pm_set *wanted, struct pm_set *fixed, struct buffer *notes,
               struct failure *failure) ERROR_MUST_CHECK;

#endif
