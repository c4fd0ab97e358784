/*
 * Files to the data model. Missing and empty files are no error: a build names every pm.yml that may exist.
 */
#ifndef PARTITION_PM_PARSE_H
#define PARTITION_PM_PARSE_H

#include "partition/pm_map.h"

enum pm_source {
    PM_SOURCE_WANTED, /* pm.yml: no addresses */
    PM_SOURCE_STATIC, /* pm_static.yml, often a copy of partitions.yml */
    PM_SOURCE_RESULT, /* partitions.yml */
};

/*
 * Adds the partitions of one file's text. A partition may be defined twice if the definitions are the same. What is
 * odd but harmless becomes a line in `notes`. Returns OK, ERR_HOST_INPUT.
 */
int pm_parse_partitions(struct pm_map *map, enum pm_source source, const char *path, const struct buffer *text,
                        struct buffer *notes, struct failure *failure) ERROR_MUST_CHECK;

/* Reads a regions.yml into map->regions. Returns OK, ERR_HOST_INPUT. */
int pm_parse_regions(struct pm_map *map, const char *path, const struct buffer *text,
                     struct failure *failure) ERROR_MUST_CHECK;

/* Letters, digits and underscores: what can be part of a macro's name. */
bool pm_is_name(const char *text);

#endif
