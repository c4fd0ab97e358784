#include "partition/pm_check.h"

#include <string.h>
#include <strings.h>

static int check_range(const struct pm_map *map, const struct pm_partition *partition, struct failure *failure)
{
    const struct pm_region *region = pm_map_region(map, partition->region);

    if (region == NULL) {
        return pm_fail(failure, partition->where, "partition '%s' is in region '%s', which is not among the regions",
                       partition->name, partition->region);
    }
    if (partition->address < region->base || pm_end(partition) > pm_region_end(region)) {
        return pm_fail(failure, partition->where,
                       "partition '%s' (0x%llx-0x%llx) is not within region '%s' "
                       "(0x%llx-0x%llx)",
                       partition->name, (unsigned long long)partition->address, (unsigned long long)pm_end(partition),
                       region->name, (unsigned long long)region->base, (unsigned long long)pm_region_end(region));
    }
    return OK;
}

static int check_name(const struct pm_map *map, size_t index, struct failure *failure)
{
    const struct pm_partition *partition = map->partitions.items[index];
    size_t i;

    for (i = 0; i < index; i++) {
        if (strcasecmp(map->partitions.items[i]->name, partition->name) == 0) {
            return pm_fail(failure, partition->where, "partitions '%s' and '%s' would have the same macros; rename one",
                           map->partitions.items[i]->name, partition->name);
        }
    }
    return OK;
}

static int check_members(const struct pm_map *map, const struct pm_partition *container, struct failure *failure)
{
    size_t i;

    for (i = 0; i < container->span.count; i++) {
        if (pm_set_find(&map->partitions, container->span.refs[i].name) == NULL) {
            return pm_fail(failure, container->where,
                           "container '%s' spans '%s', which does not exist; take it out of 'span' or define it",
                           container->name, container->span.refs[i].name);
        }
    }
    return OK;
}

/* Whether the partition has its bytes to itself. */
static bool is_exclusive(const struct pm_map *map, const struct pm_partition *partition)
{
    const struct pm_region *region = pm_map_region(map, partition->region);
    bool rest = region->strategy != PM_COMPLEX && strcmp(partition->name, region->name) == 0;

    return !pm_is_container(partition) && !rest && partition->size > 0;
}

static int check_overlap(const struct pm_map *map, struct failure *failure)
{
    struct pm_set sorted = {0};
    size_t i;
    size_t k;

    for (i = 0; i < map->partitions.count; i++) {
        if (is_exclusive(map, map->partitions.items[i])) {
            pm_set_add(map->pool, &sorted, map->partitions.items[i]);
        }
    }
    pm_set_sort_by_address(&sorted);
    for (i = 0; i < sorted.count; i++) {
        const struct pm_partition *first = sorted.items[i];

        for (k = i + 1; k < sorted.count && sorted.items[k]->address < pm_end(first); k++) {
            if (strcmp(sorted.items[k]->region, first->region) == 0) {
                return pm_fail(failure, sorted.items[k]->where, "partition '%s' overlaps '%s'; correct one of them",
                               sorted.items[k]->name, first->name);
            }
        }
    }
    return OK;
}

/* An update of the image in the container would overwrite the partition. */
static void note_strangers(const struct pm_map *map, const struct pm_partition *container, struct buffer *notes)
{
    size_t i;

    for (i = 0; i < map->partitions.count; i++) {
        const struct pm_partition *partition = map->partitions.items[i];

        if (is_exclusive(map, partition) && strncmp(partition->name, "EMPTY_", 6) != 0 &&
            strcmp(partition->region, container->region) == 0 && partition->address < pm_end(container) &&
            pm_end(partition) > container->address && !pm_list_has(&container->span, partition->name)) {
            buffer_print(notes, "Partition '%s' lies within '%s', whose 'span' lacks it; correct the container.\n",
                         partition->name, container->name);
        }
    }
}

int pm_check(const struct pm_map *map, struct buffer *notes, struct failure *failure)
{
    size_t i;
    int err = OK;

    for (i = 0; i < map->partitions.count && err == OK; i++) {
        err = check_range(map, map->partitions.items[i], failure);
        if (err == OK) {
            err = check_name(map, i, failure);
        }
        if (err == OK) {
            err = check_members(map, map->partitions.items[i], failure);
        }
    }
    if (err == OK) {
        err = check_overlap(map, failure);
    }
    for (i = 0; i < map->partitions.count && err == OK; i++) {
        if (pm_is_container(map->partitions.items[i])) {
            note_strangers(map, map->partitions.items[i], notes);
        }
    }
    return err;
}
