/*
 * Maps as YAML, in the form of the nRF Connect SDK's partitions.yml and regions.yml: keys in alphabetical order,
 * numbers in hexadecimal. A partitions.yml can be used as a static configuration.
 */
#ifndef PARTITION_PM_EMIT_H
#define PARTITION_PM_EMIT_H

#include "partition/pm_map.h"

void pm_emit_partitions(const struct pm_map *map, struct buffer *out); /* sorted by name, as they are */
void pm_emit_regions(const struct pm_map *map, struct buffer *out);

#endif
