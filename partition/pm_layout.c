/*
 * From an order to addresses. The size of each partition is `fixed + share * unit` bytes: a partition of known size has
 * share 0, the dynamic partition is one unit, and who shares the size of the dynamic partition or of a container around
 * it has the sum of what it shares. The unit follows from the room that the fixed parts leave.
 *
 * Alignment: below the dynamic partition addresses count from the start, above it from the end, so that a misaligned
 * partition is moved by an EMPTY_n partition before it (below) or behind it (above). A partition whose size is dynamic
 * is moved by making all dynamic sizes smaller; what they lose becomes an EMPTY_n behind the last of them.
 */
#include "partition/pm_solve.h"

#include <string.h>

#define SHARE_MAX 1000 /* dynamic partitions in a region; nested sharing multiplies */

struct piece {
    struct pm_partition *partition;
    int64_t fixed; /* bytes */
    int64_t share; /* units */
};

struct layout {
    const struct pm_job *job;
    struct pm_range range;
    struct piece *pieces;
    size_t count;
    size_t capacity;
    size_t dynamic; /* index of the dynamic partition */
    int64_t unit;
    const struct pm_partition *moved; /* the last that was aligned */
};

static struct piece *find_piece(const struct layout *layout, const char *name)
{
    size_t i;

    for (i = 0; i < layout->count; i++) {
        if (strcmp(layout->pieces[i].partition->name, name) == 0) {
            return &layout->pieces[i];
        }
    }
    return NULL;
}

static void insert_piece(struct layout *layout, size_t index, struct piece piece)
{
    if (layout->count == layout->capacity) {
        struct piece *old = layout->pieces;

        layout->capacity = 2 * layout->capacity + 16;
        layout->pieces = pm_pool_alloc(layout->job->pool, layout->capacity * sizeof(piece));
        if (layout->count > 0) {
            memcpy(layout->pieces, old, layout->count * sizeof(piece));
        }
    }
    memmove(layout->pieces + index + 1, layout->pieces + index, (layout->count - index) * sizeof(piece));
    layout->pieces[index] = piece;
    layout->count++;
    layout->dynamic += index <= layout->dynamic && layout->count > 1 ? 1 : 0;
}

static int measure(const struct layout *layout, const struct pm_partition *partition, size_t depth, struct piece *sum);

static int measure_shared(const struct layout *layout, const struct pm_partition *partition, size_t depth,
                          struct piece *sum)
{
    const char *name = partition->share_size.refs[0].name;
    const struct pm_partition *source = pm_set_find(layout->job->placed, name);

    if (depth > layout->job->wanted.count) {
        return pm_fail(layout->job->failure, partition->where,
                       "partition '%s': 'share_size' leads in a circle; give one of them a 'size'", partition->name);
    }
    if (source != NULL) {
        sum->fixed += source->size;
        return OK;
    }
    return measure(layout, pm_set_find(&layout->job->wanted, name), depth + 1, sum);
}

/* Adds the size of a partition or container to `sum`. */
static int measure(const struct layout *layout, const struct pm_partition *partition, size_t depth, struct piece *sum)
{
    size_t i;
    int err = OK;

    if (pm_is_container(partition)) {
        for (i = 0; i < partition->span.count && err == OK; i++) {
            err = measure(layout, pm_set_find(&layout->job->wanted, partition->span.refs[i].name), depth, sum);
        }
    } else if (strcmp(partition->name, layout->job->dynamic) == 0) {
        sum->share++;
    } else if (partition->share_size.count > 0) {
        err = measure_shared(layout, partition, depth, sum);
    } else if ((partition->given & PM_GIVEN_SIZE) != 0) {
        sum->fixed += partition->size;
    } else {
        err = pm_fail(layout->job->failure, partition->where, "partition '%s' has neither 'size' nor 'share_size'",
                      partition->name);
    }
    if (err == OK && (sum->share > SHARE_MAX || sum->fixed > PM_NUMBER_MAX)) {
        err = pm_fail(layout->job->failure, partition->where,
                      "partition '%s': the sizes add up to more than a region "
                      "can hold; correct 'size' or 'share_size'",
                      partition->name);
    }
    return err;
}

/* Counts a sharer at the partition or container that its size comes from in the end. */
static void count_sharer(const struct pm_job *job, struct pm_partition *partition)
{
    struct pm_partition *source = partition;
    size_t steps;

    for (steps = 0; steps <= job->wanted.count && source->share_size.count > 0; steps++) {
        struct pm_partition *next = pm_set_find(&job->wanted, source->share_size.refs[0].name);

        if (next == NULL) {
            return; /* another region's, or a static one */
        }
        source = next;
    }
    source->sharers++;
}

static int no_room(const struct layout *layout, int64_t fixed)
{
    int64_t room = layout->range.end - layout->range.start;

    return failure_set(layout->job->failure, ERR_HOST_INPUT,
                       "region '%s': its partitions need 0x%llx of 0x%llx bytes and leave no room for '%s'; reduce "
                       "their sizes or move one to another region",
                       layout->job->region->name, (unsigned long long)fixed, (unsigned long long)room,
                       layout->job->dynamic);
}

/* Sizes and addresses from the pieces as they are now. */
static int place(struct layout *layout)
{
    int64_t room = layout->range.end - layout->range.start;
    int64_t fixed = 0;
    int64_t shares = 0;
    int64_t others = 0;
    int64_t at;
    size_t i;

    for (i = 0; i < layout->count; i++) {
        fixed += layout->pieces[i].fixed;
        shares += layout->pieces[i].share;
    }
    if (shares <= 0 || fixed >= room || (room - fixed) / shares == 0) {
        return no_room(layout, fixed);
    }
    layout->unit = (room - fixed) / shares;
    for (i = 0; i < layout->count; i++) {
        struct piece *piece = &layout->pieces[i];

        piece->partition->size = piece->fixed + piece->share * layout->unit;
        others += i != layout->dynamic ? piece->partition->size : 0;
    }
    layout->pieces[layout->dynamic].partition->size = room - others; /* with what the division leaves */
    for (i = 0, at = layout->range.start; i < layout->count; i++) {
        layout->pieces[i].partition->address = at;
        at = pm_end(layout->pieces[i].partition);
    }
    return OK;
}

/* How far the aligned edge is beyond the last boundary, in bytes. */
static int64_t misalignment(const struct pm_partition *partition)
{
    const struct pm_placement *placement = &partition->placement;

    return placement->edge == PM_EDGE_NONE    ? 0
           : placement->edge == PM_EDGE_START ? partition->address % placement->align
                                              : pm_end(partition) % placement->align;
}

static bool name_taken(const struct layout *layout, const char *name)
{
    return pm_set_find(layout->job->placed, name) != NULL || pm_set_find(&layout->job->wanted, name) != NULL ||
           find_piece(layout, name) != NULL;
}

/* Inserts EMPTY_n at `index`, which lies before or behind the partition that needs it. */
static void insert_empty(struct layout *layout, size_t index, int64_t size, bool before,
                         const struct pm_partition *neighbour)
{
    struct pm_pool *pool = layout->job->pool;
    struct pm_partition *empty = pm_pool_alloc(pool, sizeof(*empty));
    unsigned number = 0;

    do {
        empty->name = pm_pool_print(pool, "EMPTY_%u", number++);
    } while (name_taken(layout, empty->name));
    empty->is_alignment = true;
    empty->region = layout->job->region->name;
    empty->placement.given = true;
    pm_list_add(pool, before ? &empty->placement.before : &empty->placement.after, neighbour->name, 0);
    insert_piece(layout, index, (struct piece){empty, size, 0});
}

/*
 * The first partition of a region stays where it is, since a processor starts there: with an end alignment it is the
 * space behind it that ends at a boundary.
 */
static bool is_pinned(const struct layout *layout, size_t index)
{
    return index == 0 && layout->range.start == layout->job->region->base &&
           layout->pieces[0].partition->placement.edge == PM_EDGE_END;
}

static bool is_padded(const struct layout *layout, size_t index)
{
    const struct pm_partition *next = index + 1 < layout->count ? layout->pieces[index + 1].partition : NULL;

    return is_pinned(layout, index) && next != NULL && next->is_alignment &&
           pm_end(next) % layout->pieces[index].partition->placement.align == 0;
}

/* Aligns the first misaligned partition from the start to the dynamic one. */
static int align_upward(struct layout *layout, bool *changed)
{
    size_t i;

    for (i = 0; i < layout->count && i <= layout->dynamic; i++) {
        const struct pm_partition *partition = layout->pieces[i].partition;
        int64_t beyond = misalignment(partition);

        if (beyond == 0 || is_padded(layout, i)) {
            continue;
        }
        if (layout->pieces[i].share != 0 && i != layout->dynamic) {
            return pm_fail(layout->job->failure, partition->where,
                           "partition '%s' has a dynamic size, lies in front of '%s' and needs an alignment: that "
                           "cannot be solved; place it after '%s' or give it a 'size'",
                           partition->name, layout->job->dynamic, layout->job->dynamic);
        }
        *changed = true;
        layout->moved = partition;
        if (is_pinned(layout, i)) {
            insert_empty(layout, i + 1, partition->placement.align - beyond, false, partition);
        } else {
            insert_empty(layout, i, partition->placement.align - beyond, true, partition);
        }
        return OK;
    }
    return OK;
}

static int cannot_align(const struct layout *layout, const struct pm_partition *partition)
{
    return pm_fail(layout->job->failure, partition->where,
                   "partition '%s' cannot be aligned to 0x%llx in region '%s'; make the sizes of the partitions before "
                   "it multiples of the alignment, or choose another 'align'",
                   partition->name, (unsigned long long)partition->placement.align, layout->job->region->name);
}

/* Moves a partition of dynamic size down by `beyond` bytes: every unit in front of its edge gives the same part. */
static int shrink(struct layout *layout, size_t index, int64_t beyond)
{
    const struct pm_partition *partition = layout->pieces[index].partition;
    int64_t front = partition->placement.edge == PM_EDGE_END ? layout->pieces[index].share : 0;
    int64_t shares = 0;
    size_t last = index;
    size_t i;

    for (i = 0; i < layout->count; i++) {
        front += i < index ? layout->pieces[i].share : 0;
        shares += layout->pieces[i].share;
        last = layout->pieces[i].share != 0 ? i : last;
    }
    if (front <= 0 || beyond % front != 0 || beyond / front % 4 != 0 || beyond / front >= layout->unit) {
        return cannot_align(layout, partition);
    }
    insert_empty(layout, last + 1, beyond / front * shares, false, layout->pieces[last].partition);
    return OK;
}

/* Aligns the first misaligned partition from the end down to the dynamic one. */
static int align_downward(struct layout *layout, bool *changed)
{
    size_t i;

    for (i = layout->count; i-- > layout->dynamic + 1;) {
        int64_t beyond = misalignment(layout->pieces[i].partition);

        if (beyond == 0) {
            continue;
        }
        *changed = true;
        layout->moved = layout->pieces[i].partition;
        if (layout->pieces[i].share != 0) {
            return shrink(layout, i, beyond);
        }
        insert_empty(layout, i + 1, beyond, false, layout->pieces[i].partition);
        return OK;
    }
    return OK;
}

static int merge_align_next(const struct layout *layout, const struct pm_partition *partition,
                            struct pm_partition *next)
{
    struct pm_placement *placement = &next->placement;
    int64_t wanted = partition->placement.align_next;

    if (placement->edge == PM_EDGE_END ||
        (placement->edge == PM_EDGE_START && placement->align % wanted != 0 && wanted % placement->align != 0)) {
        return pm_fail(layout->job->failure, partition->where,
                       "partition '%s': 'align_next' 0x%llx does not go together with 'align' (%s: 0x%llx) of '%s', "
                       "which comes next; change one of them",
                       partition->name, (unsigned long long)wanted, placement->edge == PM_EDGE_END ? "end" : "start",
                       (unsigned long long)placement->align, next->name);
    }
    placement->given = true;
    placement->edge = PM_EDGE_START;
    placement->align = wanted > placement->align ? wanted : placement->align;
    return OK;
}

static int begin(struct layout *layout, const struct pm_set *order)
{
    size_t i;
    int err = OK;

    for (i = 0; i < order->count && err == OK; i++) {
        struct piece piece = {.partition = order->items[i]};

        err = measure(layout, order->items[i], 0, &piece);
        insert_piece(layout, i, piece);
        if (order->items[i]->share_size.count > 0) {
            count_sharer(layout->job, order->items[i]);
        }
        if (err == OK && i + 1 < order->count && order->items[i]->placement.align_next != 0) {
            err = merge_align_next(layout, order->items[i], order->items[i + 1]);
        }
    }
    layout->dynamic = pm_set_index(order, layout->job->dynamic);
    return err;
}

static int settle(struct layout *layout)
{
    size_t rounds = 4 * layout->count + 16; /* each aligns one partition; aligning one may misalign another */
    bool changed = true;
    int err = OK;

    for (; changed && rounds > 0 && err == OK; rounds--) {
        changed = false;
        err = place(layout);
        if (err == OK) {
            err = align_upward(layout, &changed);
        }
        if (err == OK && !changed) {
            err = align_downward(layout, &changed);
        }
    }
    if (err == OK && changed) {
        err = cannot_align(layout, layout->moved);
    }
    return err;
}

int pm_layout(const struct pm_job *job, struct pm_set *order, struct pm_range range)
{
    struct layout layout = {.job = job, .range = range};
    size_t i;
    int err = begin(&layout, order);

    if (err == OK) {
        err = settle(&layout);
    }
    if (err != OK) {
        return err;
    }
    *order = (struct pm_set){0};
    for (i = 0; i < layout.count; i++) {
        pm_set_add(job->pool, order, layout.pieces[i].partition);
    }
    return OK;
}
