#include "partition/pm_resolve.h"

#include <string.h>

#include "partition/pm_check.h"
#include "partition/pm_solve.h"

struct resolve {
    struct pm_map *map;
    const struct pm_set *wanted;
    const struct pm_set *fixed;
    size_t *depths; /* per region: how many regions must be solved before it, plus 1; 0 while unknown */
    struct failure *failure;
};

static int check_region(const struct pm_map *map, size_t index, struct failure *failure)
{
    const struct pm_region *region = &map->regions[index];

    if (pm_map_region(map, region->name) != region) {
        return failure_set(failure, ERR_HOST_INPUT, "region '%s' is given twice; remove one", region->name);
    }
    if (region->size == 0) {
        return failure_set(failure, ERR_HOST_INPUT, "region '%s' has no size; give --%s-size", region->name,
                           region->name);
    }
    if (pm_region_end(region) > PM_NUMBER_MAX + 1) {
        return failure_set(failure, ERR_HOST_INPUT,
                           "region '%s' ends at 0x%llx, beyond 32-bit addresses; correct its base address or size",
                           region->name, (unsigned long long)pm_region_end(region));
    }
    return OK;
}

static int find_depth(struct resolve *resolve, size_t index, size_t nesting);

/* The depth that `partition` asks of its region. */
static int follow(struct resolve *resolve, const struct pm_partition *partition, size_t nesting, size_t *depth)
{
    size_t i;
    int err = OK;

    for (i = 0; i < partition->share_size.count && err == OK; i++) {
        const struct pm_partition *source = pm_set_find(resolve->wanted, partition->share_size.refs[i].name);
        size_t other;

        if (source == NULL || strcmp(source->region, partition->region) == 0) {
            continue;
        }
        other = (size_t)(pm_map_region(resolve->map, source->region) - resolve->map->regions);
        err = nesting < resolve->map->region_count
                  ? find_depth(resolve, other, nesting + 1)
                  : pm_fail(resolve->failure, partition->where,
                            "partition '%s': 'share_size' leads in a circle between regions '%s' and '%s'; give one "
                            "partition a 'size'",
                            partition->name, partition->region, source->region);
        if (err == OK && resolve->depths[other] + 1 > *depth) {
            *depth = resolve->depths[other] + 1;
        }
    }
    return err;
}

static int find_depth(struct resolve *resolve, size_t index, size_t nesting)
{
    size_t depth = 1;
    size_t i;
    int err = OK;

    for (i = 0; i < resolve->wanted->count && err == OK && resolve->depths[index] == 0; i++) {
        if (strcmp(resolve->wanted->items[i]->region, resolve->map->regions[index].name) == 0) {
            err = follow(resolve, resolve->wanted->items[i], nesting, &depth);
        }
    }
    if (err == OK && resolve->depths[index] == 0) {
        resolve->depths[index] = depth;
    }
    return err;
}

static void pick(struct pm_pool *pool, const struct pm_set *from, const char *region, struct pm_set *to)
{
    size_t i;

    for (i = 0; i < from->count; i++) {
        if (strcmp(from->items[i]->region, region) == 0) {
            pm_set_add(pool, to, from->items[i]);
        }
    }
}

static int solve_region(struct resolve *resolve, const struct pm_region *region)
{
    struct pm_job job = {.pool = resolve->map->pool,
                         .region = region,
                         .dynamic = region->strategy == PM_COMPLEX ? pm_dynamic_name(region) : NULL,
                         .placed = &resolve->map->partitions,
                         .failure = resolve->failure};

    pick(job.pool, resolve->wanted, region->name, &job.wanted);
    pick(job.pool, resolve->fixed, region->name, &job.fixed);
    return job.dynamic != NULL ? pm_solve_complex(&job) : pm_solve_simple(&job);
}

static int solve_regions(struct resolve *resolve)
{
    const struct pm_map *map = resolve->map;
    size_t depth;
    size_t i;
    int err = OK;

    for (i = 0; i < map->region_count && err == OK; i++) {
        err = find_depth(resolve, i, 0);
    }
    for (depth = 1; depth <= map->region_count && err == OK; depth++) {
        for (i = 0; i < map->region_count && err == OK; i++) {
            if (resolve->depths[i] == depth) {
                err = solve_region(resolve, &map->regions[i]);
            }
        }
    }
    return err;
}

/* Static partitions are in the result from the beginning; only a dynamic partition is placed anew. */
static void add_fixed(struct resolve *resolve)
{
    size_t i;

    for (i = 0; i < resolve->fixed->count; i++) {
        if (pm_set_find(resolve->wanted, resolve->fixed->items[i]->name) == NULL) {
            pm_set_add(resolve->map->pool, &resolve->map->partitions, resolve->fixed->items[i]);
        }
    }
}

int pm_resolve(struct pm_map *map, struct pm_set *wanted, struct pm_set *fixed, struct buffer *notes,
               struct failure *failure)
{
    struct resolve resolve = {map, wanted, fixed, NULL, failure};
    size_t i;
    int err = OK;

    for (i = 0; i < map->region_count && err == OK; i++) {
        err = check_region(map, i, failure);
    }
    if (err == OK) {
        err = pm_prepare(map, wanted, fixed, notes, failure);
    }
    if (err == OK) {
        resolve.depths = pm_pool_alloc(map->pool, map->region_count * sizeof(*resolve.depths));
        add_fixed(&resolve);
        err = solve_regions(&resolve);
    }
    if (err == OK) {
        pm_set_sort_by_name(&map->partitions);
        err = pm_check(map, notes, failure);
    }
    return err;
}
