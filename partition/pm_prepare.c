#include "partition/pm_solve.h"

#include <string.h>

struct prepare {
    struct pm_pool *pool;
    const struct pm_map *regions;
    struct pm_set *wanted;
    const struct pm_set *fixed;
    struct buffer *notes;
    struct failure *failure;
};

const char *pm_dynamic_name(const struct pm_region *region)
{
    return region->dynamic_partition != NULL ? region->dynamic_partition : "app";
}

static const struct pm_region *region_of(const struct prepare *prepare, const struct pm_partition *partition)
{
    return pm_map_region(prepare->regions, partition->region);
}

static bool is_complex(const struct prepare *prepare, const struct pm_partition *partition)
{
    return region_of(prepare, partition)->strategy == PM_COMPLEX;
}

/* Whether a name in one of the partition's lists stands for a partition that is going to be placed beside it. */
static bool exists_beside(const struct prepare *prepare, const struct pm_partition *partition, const char *name)
{
    const struct pm_partition *other = pm_set_find(prepare->wanted, name);

    return other != NULL && strcmp(other->region, partition->region) == 0;
}

static bool exists_anywhere(const struct prepare *prepare, const struct pm_partition *partition, const char *name)
{
    (void)partition;
    return pm_set_find(prepare->wanted, name) != NULL || pm_set_find(prepare->fixed, name) != NULL;
}

static bool exists_for_placement(const struct prepare *prepare, const struct pm_partition *partition, const char *name)
{
    return strcmp(name, "start") == 0 || strcmp(name, "end") == 0 || exists_beside(prepare, partition, name);
}

typedef bool exists_fn(const struct prepare *prepare, const struct pm_partition *partition, const char *name);

/* Keeps the names that exist, and of each `one_of` the first that does. */
static int reduce(const struct prepare *prepare, const struct pm_partition *partition, const char *property,
                  exists_fn *exists, struct pm_list *list)
{
    struct pm_list kept = {0};
    size_t i = 0;

    while (i < list->count) {
        unsigned group = list->refs[i].one_of;
        bool found = false;

        do {
            if (!found && exists(prepare, partition, list->refs[i].name)) {
                pm_list_add(prepare->pool, &kept, list->refs[i].name, 0);
                found = true;
            }
            i++;
        } while (group != 0 && i < list->count && list->refs[i].one_of == group);
        if (group != 0 && !found) {
            return pm_fail(prepare->failure, partition->where,
                           "partition '%s': no partition named in 'one_of' of '%s' exists", partition->name, property);
        }
    }
    *list = kept;
    return OK;
}

static void drop(struct prepare *prepare, size_t index, const char *why)
{
    buffer_print(prepare->notes, "Dropping partition '%s' since %s.\n", prepare->wanted->items[index]->name, why);
    pm_set_remove(prepare->wanted, index);
}

static void replace_app(struct pm_list *list, const char *dynamic)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        if (strcmp(list->refs[i].name, "app") == 0) {
            list->refs[i].name = dynamic;
        }
    }
}

/* `app` in a region with another dynamic partition means that one. */
static void rename_app(struct prepare *prepare, const struct pm_region *region)
{
    const char *dynamic = pm_dynamic_name(region);
    size_t i;

    for (i = 0; i < prepare->wanted->count; i++) {
        struct pm_partition *partition = prepare->wanted->items[i];

        if (strcmp(partition->region, region->name) == 0) {
            replace_app(&partition->placement.before, dynamic);
            replace_app(&partition->placement.after, dynamic);
            replace_app(&partition->span, dynamic);
            replace_app(&partition->inside, dynamic);
            replace_app(&partition->share_size, dynamic);
        }
    }
}

/* The dynamic partition's place follows from all others: what was asked for it counts for nothing. */
static int add_dynamic(struct prepare *prepare, const struct pm_region *region)
{
    const char *name = pm_dynamic_name(region);
    struct pm_partition *given = pm_set_find(prepare->wanted, name);
    struct pm_partition *fresh;

    if (given == NULL) {
        given = pm_pool_alloc(prepare->pool, sizeof(*given));
        pm_set_add(prepare->pool, prepare->wanted, given);
    } else if (strcmp(given->region, region->name) != 0) {
        return pm_fail(prepare->failure, given->where,
                       "partition '%s' cannot be in region '%s': it is the dynamic partition of region '%s'", name,
                       given->region, region->name);
    } else if (given->given != 0 || given->placement.given) {
        buffer_print(prepare->notes, "The properties of '%s' are ignored: it takes what is left of region '%s'.\n",
                     name, region->name);
    }
    fresh = given;
    *fresh = (struct pm_partition){.name = name, .region = region->name, .where = given->where};
    return OK;
}

static int prepare_complex_regions(struct prepare *prepare)
{
    size_t i;
    int err = OK;

    for (i = 0; i < prepare->regions->region_count && err == OK; i++) {
        const struct pm_region *region = &prepare->regions->regions[i];

        if (region->strategy == PM_COMPLEX) {
            rename_app(prepare, region);
            err = add_dynamic(prepare, region);
        }
    }
    return err;
}

static int fill_region(const struct prepare *prepare, struct pm_partition *partition)
{
    size_t len = strlen(partition->name);

    if (partition->region == NULL) {
        partition->region =
            len > 5 && strcmp(partition->name + len - 5, "_sram") == 0 ? "sram_primary" : "flash_primary";
    }
    if (region_of(prepare, partition) == NULL) {
        return pm_fail(prepare->failure, partition->where,
                       "partition '%s' is in region '%s', which does not exist; name it in --regions or correct "
                       "'region'",
                       partition->name, partition->region);
    }
    return OK;
}

static int fill_regions(const struct prepare *prepare)
{
    size_t i;
    int err = OK;

    for (i = 0; i < prepare->wanted->count && err == OK; i++) {
        err = fill_region(prepare, prepare->wanted->items[i]);
    }
    for (i = 0; i < prepare->fixed->count && err == OK; i++) {
        err = fill_region(prepare, prepare->fixed->items[i]);
    }
    return err;
}

static void discard_static(struct prepare *prepare)
{
    size_t i = 0;

    while (i < prepare->wanted->count) {
        const char *name = prepare->wanted->items[i]->name;

        if (pm_set_find(prepare->fixed, name) != NULL) {
            buffer_print(prepare->notes,
                         "Partition '%s' is not included in the dynamic resolving since it is statically defined.\n",
                         name);
            pm_set_remove(prepare->wanted, i);
        } else {
            i++;
        }
    }
}

static int check_shape(const struct prepare *prepare, const struct pm_partition *partition)
{
    if (pm_is_container(partition) && !is_complex(prepare, partition)) {
        return pm_fail(prepare->failure, partition->where,
                       "container '%s' ('span') is in region '%s', whose placement strategy is '%s'; containers need "
                       "'complex'",
                       partition->name, partition->region, pm_strategy_name(region_of(prepare, partition)->strategy));
    }
    if (pm_is_container(partition) && (partition->placement.given || partition->share_size.count > 0)) {
        return pm_fail(prepare->failure, partition->where,
                       "container '%s': 'span' excludes '%s', since its members say where it is and how large; remove "
                       "one of the two",
                       partition->name, partition->placement.given ? "placement" : "share_size");
    }
    if (!is_complex(prepare, partition)) {
        return OK;
    }
    if ((partition->given & PM_GIVEN_MISPLACED_ALIGN) != 0) {
        return pm_fail(prepare->failure, partition->where,
                       "partition '%s': 'align' config is misplaced (should be part of 'placement')", partition->name);
    }
    if (partition->placement.given && partition->placement.keys[0] == 0) {
        return pm_fail(prepare->failure, partition->where,
                       "partition '%s': 'placement' is empty; give before or after, or remove it", partition->name);
    }
    return OK;
}

static int check_shapes(const struct prepare *prepare)
{
    size_t i;
    int err = OK;

    for (i = 0; i < prepare->wanted->count && err == OK; i++) {
        err = check_shape(prepare, prepare->wanted->items[i]);
    }
    return err;
}

/* Drops what has size 0 and what shares the size of nothing. */
static int drop_sizeless(struct prepare *prepare, bool *changed)
{
    size_t i = 0;

    while (i < prepare->wanted->count) {
        struct pm_partition *partition = prepare->wanted->items[i];
        bool sized = (partition->given & PM_GIVEN_SIZE) != 0;
        bool shared = (partition->given & PM_GIVEN_SHARE_SIZE) != 0;
        int err = reduce(prepare, partition, "share_size", exists_anywhere, &partition->share_size);

        if (err != OK) {
            return err;
        }
        if (!pm_is_container(partition) &&
            ((sized && partition->size == 0) || (!sized && shared && partition->share_size.count == 0))) {
            drop(prepare, i, "its size is 0");
            *changed = true;
        } else {
            i++;
        }
    }
    return OK;
}

static int enter_container(struct prepare *prepare, struct pm_partition *partition)
{
    struct pm_partition *container;
    int err = reduce(prepare, partition, "inside", exists_beside, &partition->inside);

    if (err != OK || partition->inside.count == 0) {
        return err;
    }
    container = pm_set_find(prepare->wanted, partition->inside.refs[0].name);
    if (!pm_is_container(container)) {
        return pm_fail(prepare->failure, partition->where,
                       "partition '%s': 'inside' names '%s', which is no container; give '%s' a 'span'",
                       partition->name, container->name, container->name);
    }
    if (!pm_list_has(&container->span, partition->name)) {
        pm_list_add(prepare->pool, &container->span, partition->name, 0);
    }
    return OK;
}

static int drop_empty_containers(struct prepare *prepare, bool *changed)
{
    size_t i;
    int err = OK;

    for (i = 0; i < prepare->wanted->count && err == OK; i++) {
        if (is_complex(prepare, prepare->wanted->items[i])) {
            err = enter_container(prepare, prepare->wanted->items[i]);
        }
    }
    for (i = 0; i < prepare->wanted->count && err == OK;) {
        struct pm_partition *partition = prepare->wanted->items[i];

        if (pm_is_container(partition)) {
            err = reduce(prepare, partition, "span", exists_beside, &partition->span);
        }
        if (err == OK && pm_is_container(partition) && partition->span.count == 0) {
            drop(prepare, i, "it is empty");
            *changed = true;
        } else {
            i++;
        }
    }
    return err;
}

static void remove_key(char *keys, char key)
{
    char *at = strchr(keys, key);

    if (at != NULL) {
        memmove(at, at + 1, strlen(at));
    }
}

static int reduce_placement(const struct prepare *prepare, struct pm_partition *partition)
{
    struct pm_placement *placement = &partition->placement;
    int err;

    if (!is_complex(prepare, partition)) {
        return OK;
    }
    err = reduce(prepare, partition, "before", exists_for_placement, &placement->before);
    if (err == OK) {
        err = reduce(prepare, partition, "after", exists_for_placement, &placement->after);
    }
    if (placement->before.count == 0) {
        remove_key(placement->keys, 'b');
    }
    if (placement->after.count == 0) {
        remove_key(placement->keys, 'a');
    }
    return err;
}

int pm_prepare(const struct pm_map *regions, struct pm_set *wanted, const struct pm_set *fixed, struct buffer *notes,
               struct failure *failure)
{
    struct prepare prepare = {regions->pool, regions, wanted, fixed, notes, failure};
    bool changed = true;
    size_t i;
    int err = fill_regions(&prepare);

    if (err == OK) {
        discard_static(&prepare);
        err = prepare_complex_regions(&prepare);
    }
    if (err == OK) {
        err = check_shapes(&prepare);
    }
    while (err == OK && changed) {
        changed = false;
        err = drop_sizeless(&prepare, &changed);
        if (err == OK && !changed) {
            err = drop_empty_containers(&prepare, &changed);
        }
    }
    for (i = 0; i < wanted->count && err == OK; i++) {
        err = reduce_placement(&prepare, wanted->items[i]);
    }
    return err;
}
