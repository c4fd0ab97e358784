/*
 * Maps as macros: pm_config.h for C and pm.config for build scripts. With several domains (processors) each file holds
 * the partitions of all; those of a foreign domain carry its name as prefix in a header.
 */
#ifndef PARTITION_PM_CONFIG_H
#define PARTITION_PM_CONFIG_H

#include "partition/pm_map.h"

/* Every domain as PM_X=V lines. Returns OK, ERR_HOST_INPUT. */
int pm_config_file(const struct pm_map *const *maps, size_t count, struct buffer *out,
                   struct failure *failure) ERROR_MUST_CHECK;

/*
 * The header of one image in maps[domain]; `file` is the header's name without folders, which makes the include guard.
 * Returns OK, ERR_HOST_INPUT.
 */
int pm_config_header(const struct pm_map *const *maps, size_t count, size_t domain, const char *image, const char *file,
                     struct buffer *out, struct buffer *notes, struct failure *failure) ERROR_MUST_CHECK;

#endif
