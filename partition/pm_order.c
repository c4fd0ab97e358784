/* From `before`, `after` and `span` to one order of a complex region's partitions. */
#include "partition/pm_solve.h"

#include <stdlib.h>
#include <string.h>

struct order {
    const struct pm_job *job;
    struct pm_set *placed;     /* between the marks "start" and "end" */
    struct pm_set unsolved;    /* with before or after, not yet placed */
    struct pm_set *containers; /* with flat spans */
};

/* Adds the partitions below `container` to `members`, in order of definition and without repetition. */
static int flatten(const struct order *order, const struct pm_partition *container, unsigned depth,
                   struct pm_list *members)
{
    size_t i;
    int err = OK;

    if (depth > order->job->wanted.count) {
        return pm_fail(order->job->failure, container->where, "container '%s' contains itself; correct its 'span'",
                       container->name);
    }
    for (i = 0; i < container->span.count && err == OK; i++) {
        const char *name = container->span.refs[i].name;
        const struct pm_partition *member = pm_set_find(&order->job->wanted, name);

        if (pm_is_container(member)) {
            err = flatten(order, member, depth + 1, members);
        } else if (!pm_list_has(members, name)) {
            pm_list_add(order->job->pool, members, name, 0);
        }
    }
    return err;
}

static int flatten_all(const struct order *order)
{
    size_t count = order->containers->count;
    struct pm_list *flat = pm_pool_alloc(order->job->pool, (count + 1) * sizeof(*flat));
    size_t i;
    int err = OK;

    for (i = 0; i < count && err == OK; i++) {
        err = flatten(order, order->containers->items[i], 0, &flat[i]);
    }
    for (i = 0; i < count && err == OK; i++) {
        order->containers->items[i]->span = flat[i];
    }
    return err;
}

static void split(struct order *order)
{
    struct pm_pool *pool = order->job->pool;
    size_t i;

    for (i = 0; i < order->job->wanted.count; i++) {
        struct pm_partition *partition = order->job->wanted.items[i];

        if (pm_is_container(partition)) {
            pm_set_add(pool, order->containers, partition);
        } else if (strcmp(partition->name, order->job->dynamic) != 0) {
            pm_set_add(pool, &order->unsolved, partition);
        }
    }
}

static void move_members_last(struct order *order, const struct pm_partition *container)
{
    size_t left = order->unsolved.count;
    size_t i = 0;

    for (; left > 0; left--) {
        struct pm_partition *partition = order->unsolved.items[i];

        if (pm_list_has(&container->span, partition->name)) {
            pm_set_remove(&order->unsolved, i);
            pm_set_add(order->job->pool, &order->unsolved, partition);
        } else {
            i++;
        }
    }
}

/*
 * What is inserted later ends up nearer to its neighbour, so members of containers come last and those of the
 * smallest container at the very end: they stay together.
 */
static void arrange(struct order *order)
{
    size_t largest = 0;
    size_t size;
    size_t i;

    for (i = 0; i < order->containers->count; i++) {
        size_t count = order->containers->items[i]->span.count;

        largest = count > largest ? count : largest;
    }
    for (size = largest; size > 0; size--) {
        for (i = 0; i < order->containers->count; i++) {
            if (order->containers->items[i]->span.count == size) {
                move_members_last(order, order->containers->items[i]);
            }
        }
    }
}

/* As written: the same keys in the same order with the same values. */
static bool placement_same(const struct pm_placement *a, const struct pm_placement *b)
{
    return strcmp(a->keys, b->keys) == 0 && pm_list_equal(&a->before, &b->before) &&
           pm_list_equal(&a->after, &b->after) && a->edge == b->edge && a->align == b->align &&
           a->align_next == b->align_next;
}

static void chain(const struct order *order, struct pm_set *group)
{
    size_t i;

    pm_set_sort_by_name(group);
    for (i = 0; i + 1 < group->count; i++) {
        struct pm_placement *placement = &group->items[i]->placement;
        char *after = strchr(placement->keys, 'a');

        placement->after = (struct pm_list){0};
        placement->before = (struct pm_list){0};
        pm_list_add(order->job->pool, &placement->before, group->items[i + 1]->name, 0);
        if (after != NULL) {
            memmove(after, after + 1, strlen(after));
        }
        if (strchr(placement->keys, 'b') == NULL) {
            placement->keys[strlen(placement->keys)] = 'b';
        }
    }
}

/* Partitions that ask for the same place get it in the order of their names. */
static void resolve_ambiguity(const struct order *order)
{
    struct pm_set rest = {0};
    size_t i;

    for (i = 0; i < order->unsolved.count; i++) {
        pm_set_add(order->job->pool, &rest, order->unsolved.items[i]);
    }
    while (rest.count > 0) {
        struct pm_set group = {0};
        struct pm_partition *first = rest.items[0];

        for (i = 0; i < rest.count;) {
            if (placement_same(&first->placement, &rest.items[i]->placement)) {
                pm_set_add(order->job->pool, &group, rest.items[i]);
                pm_set_remove(&rest, i);
            } else {
                i++;
            }
        }
        chain(order, &group);
    }
}

static int check_placement(const struct order *order, const struct pm_partition *partition)
{
    const struct pm_placement *placement = &partition->placement;

    if (placement->before.count == 0 && placement->after.count == 0) {
        return pm_fail(order->job->failure, partition->where,
                       "partition '%s' has no place in region '%s': give 'placement' a before or after that names an "
                       "existing partition, 'start' or 'end'",
                       partition->name, order->job->region->name);
    }
    if ((placement->before.count > 0 && strcmp(placement->before.refs[0].name, "start") == 0) ||
        (placement->after.count > 0 && strcmp(placement->after.refs[0].name, "end") == 0)) {
        return pm_fail(order->job->failure, partition->where,
                       "partition '%s' was placed before start or after end; use 'after: start' or 'before: end'",
                       partition->name);
    }
    return OK;
}

static int check_placements(const struct order *order)
{
    size_t i;
    int err = OK;

    for (i = 0; i < order->unsolved.count && err == OK; i++) {
        err = check_placement(order, order->unsolved.items[i]);
    }
    return err;
}

/* Where the item is, or the first or last placed member of a container. Returns SIZE_MAX when there is none. */
static size_t find_place(const struct order *order, const struct pm_partition *item, bool last)
{
    size_t found = SIZE_MAX;
    size_t i;

    if (!pm_is_container(item)) {
        return pm_set_index(order->placed, item->name);
    }
    for (i = 0; i < order->placed->count && (last || found == SIZE_MAX); i++) {
        if (pm_list_has(&item->span, order->placed->items[i]->name)) {
            found = i;
        }
    }
    return found;
}

/* Places the first unsolved partition that asks to be next to `item`. Returns it, or NULL. */
static struct pm_partition *place_beside(struct order *order, const struct pm_partition *item, bool before)
{
    size_t at = find_place(order, item, !before);
    size_t i;

    for (i = 0; i < order->unsolved.count && at != SIZE_MAX; i++) {
        struct pm_partition *partition = order->unsolved.items[i];
        const struct pm_list *list = before ? &partition->placement.before : &partition->placement.after;

        if (list->count > 0 && strcmp(list->refs[0].name, item->name) == 0) {
            pm_set_remove(&order->unsolved, i);
            pm_set_insert(order->job->pool, order->placed, before ? at : at + 1, partition);
            return partition;
        }
    }
    return NULL;
}

/* One walk over what was placed when it began and over the containers; what is inserted is followed at once. */
static void walk(struct order *order, bool before)
{
    struct pm_set stops = {0};
    size_t i;

    for (i = 0; i < order->placed->count; i++) {
        pm_set_add(order->job->pool, &stops, order->placed->items[i]);
    }
    for (i = 0; i < order->containers->count; i++) {
        pm_set_add(order->job->pool, &stops, order->containers->items[i]);
    }
    for (i = 0; i < stops.count; i++) {
        const struct pm_partition *at = stops.items[i];

        while (at != NULL) {
            at = place_beside(order, at, before);
        }
    }
}

static int unsolvable(const struct order *order)
{
    struct buffer names = {0};
    size_t i;

    for (i = 0; i < order->unsolved.count; i++) {
        buffer_print(&names, "%s%s", i == 0 ? "" : ", ", order->unsolved.items[i]->name);
    }
    (void)pm_fail(order->job->failure, order->unsolved.items[0]->where,
                  "region '%s': unable to place %.500s: their 'before' and 'after' lead in a circle; let one of them "
                  "name a partition outside of it, 'start' or 'end'",
                  order->job->region->name, buffer_text(&names));
    buffer_free(&names);
    return ERR_HOST_INPUT;
}

static int solve(struct order *order)
{
    while (order->unsolved.count > 0) {
        size_t before = order->unsolved.count;

        walk(order, true);
        walk(order, false);
        if (order->unsolved.count == before) {
            return unsolvable(order);
        }
    }
    return OK;
}

static int check_consecutive(const struct order *order, const struct pm_partition *container)
{
    size_t first = find_place(order, container, false);
    size_t last = find_place(order, container, true);
    size_t i;

    for (i = first; i <= last; i++) {
        if (!pm_list_has(&container->span, order->placed->items[i]->name)) {
            return pm_fail(order->job->failure, container->where,
                           "container '%s': '%s' lies between its members '%s' and '%s' but is not in its 'span'; add "
                           "it, or change 'placement' of one of them",
                           container->name, order->placed->items[i]->name, order->placed->items[first]->name,
                           order->placed->items[last]->name);
        }
    }
    return OK;
}

static struct pm_partition *mark(const struct order *order, const char *name)
{
    struct pm_partition *partition = pm_pool_alloc(order->job->pool, sizeof(*partition));

    partition->name = name;
    return partition;
}

static int begin(struct order *order)
{
    struct pm_pool *pool = order->job->pool;
    struct pm_partition *dynamic = pm_set_find(&order->job->wanted, order->job->dynamic);

    split(order);
    pm_set_add(pool, order->placed, mark(order, "start"));
    pm_set_add(pool, order->placed, dynamic);
    pm_set_add(pool, order->placed, mark(order, "end"));
    return flatten_all(order);
}

int pm_order(const struct pm_job *job, struct pm_set *placed, struct pm_set *containers)
{
    struct order order = {.job = job, .placed = placed, .containers = containers};
    size_t i;
    int err = begin(&order);

    if (err == OK) {
        arrange(&order);
        resolve_ambiguity(&order);
        err = check_placements(&order);
    }
    if (err == OK) {
        err = solve(&order);
    }
    if (err == OK) {
        pm_set_remove(placed, pm_set_index(placed, "start"));
        pm_set_remove(placed, pm_set_index(placed, "end"));
    }
    for (i = 0; i < containers->count && err == OK; i++) {
        err = check_consecutive(&order, containers->items[i]);
    }
    return err;
}
