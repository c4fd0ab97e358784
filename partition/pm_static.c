#include "partition/pm_solve.h"

#include <string.h>

/* The free ranges of a region. */
struct gaps {
    struct pm_range *ranges;
    size_t count;
};

static bool is_region_rest(const struct pm_job *job, const struct pm_partition *partition)
{
    return job->region->strategy != PM_COMPLEX && strcmp(partition->name, job->region->name) == 0;
}

static int check_fixed(const struct pm_job *job, const struct pm_partition *partition)
{
    int64_t region_end = pm_region_end(job->region);

    if ((partition->given & PM_GIVEN_ADDRESS) == 0 || (partition->given & PM_GIVEN_SIZE) == 0) {
        return pm_fail(job->failure, partition->where,
                       "static partition '%s' needs 'address' and 'size'; copy both from a partitions.yml",
                       partition->name);
    }
    if (partition->address < job->region->base || pm_end(partition) > region_end) {
        return pm_fail(job->failure, partition->where,
                       "static partition '%s' (0x%llx-0x%llx) is not within region '%s' (0x%llx-0x%llx); correct "
                       "'address', 'size' or 'region'",
                       partition->name, (unsigned long long)partition->address, (unsigned long long)pm_end(partition),
                       job->region->name, (unsigned long long)job->region->base, (unsigned long long)region_end);
    }
    return OK;
}

/*
 * The static partitions that occupy addresses, sorted. Containers repeat their members; the dynamic partition is
 * placed anew.
 */
static int occupants(const struct pm_job *job, struct pm_set *set)
{
    size_t i;
    int err = OK;

    for (i = 0; i < job->fixed.count && err == OK; i++) {
        struct pm_partition *partition = job->fixed.items[i];

        err = check_fixed(job, partition);
        if (err == OK && !pm_is_container(partition) && partition->size > 0 &&
            (job->dynamic == NULL || strcmp(partition->name, job->dynamic) != 0)) {
            pm_set_add(job->pool, set, partition);
        }
    }
    pm_set_sort_by_address(set);
    return err;
}

static int overlap(const struct pm_job *job, const struct pm_partition *first, const struct pm_partition *second)
{
    return pm_fail(job->failure, second->where,
                   "static partition '%s' (0x%llx-0x%llx) overlaps '%s' (0x%llx-0x%llx); correct one, or give the one "
                   "that contains the other a 'span'",
                   second->name, (unsigned long long)second->address, (unsigned long long)pm_end(second), first->name,
                   (unsigned long long)first->address, (unsigned long long)pm_end(first));
}

static int find_gaps(const struct pm_job *job, struct gaps *gaps)
{
    struct pm_set set = {0};
    const struct pm_partition *last = NULL; /* that is not the rest of a simple region */
    int64_t at = job->region->base;
    int64_t region_end = pm_region_end(job->region);
    size_t i;
    int err = occupants(job, &set);

    gaps->ranges = pm_pool_alloc(job->pool, (set.count + 1) * sizeof(*gaps->ranges));
    for (i = 0; i < set.count && err == OK; i++) {
        const struct pm_partition *partition = set.items[i];
        bool rest = is_region_rest(job, partition);

        if (partition->address > at) {
            gaps->ranges[gaps->count++] = (struct pm_range){at, partition->address};
        }
        if (!rest && last != NULL && partition->address < pm_end(last)) {
            err = overlap(job, last, partition);
        }
        last = rest || (last != NULL && pm_end(last) > pm_end(partition)) ? last : partition;
        at = pm_end(partition) > at ? pm_end(partition) : at;
    }
    if (err == OK && at < region_end) {
        gaps->ranges[gaps->count++] = (struct pm_range){at, region_end};
    }
    return err;
}

static int wrong_gaps(const struct pm_job *job, const struct gaps *gaps, const char *wanted)
{
    struct buffer list = {0};
    struct pm_where where = {job->fixed.count > 0 ? job->fixed.items[0]->where.file : NULL, 0};
    size_t i;

    for (i = 0; i < gaps->count; i++) {
        buffer_print(&list, "%s0x%llx-0x%llx", i == 0 ? ": " : " ", (unsigned long long)gaps->ranges[i].start,
                     (unsigned long long)gaps->ranges[i].end);
    }
    (void)pm_fail(job->failure, where, "region '%s': the static partitions leave %zu gaps%.300s; %s", job->region->name,
                  gaps->count, buffer_text(&list), wanted);
    buffer_free(&list);
    return ERR_HOST_INPUT;
}

int pm_static_gap(const struct pm_job *job, struct pm_range *gap)
{
    struct gaps gaps = {0};
    int err = find_gaps(job, &gaps);

    if (err != OK) {
        return err;
    }
    if (gaps.count != 1) {
        return wrong_gaps(job, &gaps,
                          "exactly one gap is needed for the dynamic partitions (such as 'app'): make the other "
                          "ranges static partitions, or leave one out");
    }
    *gap = gaps.ranges[0];
    return OK;
}

int pm_static_rest(const struct pm_job *job, struct pm_range *rest)
{
    bool upward = job->region->strategy == PM_START_TO_END;
    int64_t region_end = pm_region_end(job->region);
    struct gaps gaps = {0};
    int err = find_gaps(job, &gaps);

    if (err != OK) {
        return err;
    }
    if (gaps.count > 1) {
        return wrong_gaps(job, &gaps, "at most one is possible in this region: make the others static partitions");
    }
    if (gaps.count == 1 && (upward ? gaps.ranges[0].end != region_end : gaps.ranges[0].start != job->region->base)) {
        return wrong_gaps(job, &gaps,
                          upward ? "static partitions must be packed at the start of the region"
                                 : "static partitions must be packed at the end of the region");
    }
    *rest = gaps.count == 1
                ? gaps.ranges[0]
                : (struct pm_range){upward ? region_end : job->region->base, upward ? region_end : job->region->base};
    return OK;
}
