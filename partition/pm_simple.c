/* Regions filled from one end, in the order of definition; what is left becomes a partition of the region's name. */
#include "partition/pm_solve.h"

#include <string.h>

static int find_size(const struct pm_job *job, const struct pm_partition *partition, size_t depth, int64_t *size)
{
    const struct pm_partition *source;

    if (partition->share_size.count == 0) {
        *size = partition->size;
        return (partition->given & PM_GIVEN_SIZE) != 0
                   ? OK
                   : pm_fail(job->failure, partition->where, "partition '%s' has neither 'size' nor 'share_size'",
                             partition->name);
    }
    if (depth > job->wanted.count) {
        return pm_fail(job->failure, partition->where,
                       "partition '%s': 'share_size' leads in a circle; give one of them a 'size'", partition->name);
    }
    source = pm_set_find(job->placed, partition->share_size.refs[0].name);
    if (source != NULL) {
        *size = source->size;
        return OK;
    }
    source = pm_set_find(&job->wanted, partition->share_size.refs[0].name);
    return find_size(job, source, depth + 1, size);
}

static int overfull(const struct pm_job *job, const struct pm_partition *partition, int64_t size, int64_t left)
{
    return pm_fail(job->failure, partition->where,
                   "partition '%s' of 0x%llx bytes does not fit region '%s': 0x%llx of its 0x%llx bytes are left; "
                   "reduce 'size' here or of the partitions before it",
                   partition->name, (unsigned long long)size, job->region->name, (unsigned long long)left,
                   (unsigned long long)job->region->size);
}

static int place(struct pm_job *job, struct pm_partition *partition, struct pm_range *rest)
{
    int64_t size = 0;
    int err;

    if (strcmp(partition->name, job->region->name) == 0) {
        return pm_fail(job->failure, partition->where,
                       "partition '%s' has the name of its region, which is reserved for what is left of the region; "
                       "rename it",
                       partition->name);
    }
    err = find_size(job, partition, 0, &size);
    if (err != OK) {
        return err;
    }
    if (size > rest->end - rest->start) {
        return overfull(job, partition, size, rest->end - rest->start);
    }
    partition->size = size;
    if (job->region->strategy == PM_START_TO_END) {
        partition->address = rest->start;
        rest->start += size;
    } else {
        rest->end -= size;
        partition->address = rest->end;
    }
    if (job->region->device[0] != 0) {
        partition->device = job->region->device;
    }
    return OK;
}

int pm_solve_simple(struct pm_job *job)
{
    struct pm_partition *left;
    struct pm_range rest;
    size_t i;
    int err = pm_static_rest(job, &rest);

    for (i = 0; i < job->wanted.count && err == OK; i++) {
        err = place(job, job->wanted.items[i], &rest);
    }
    if (err != OK) {
        return err;
    }
    for (i = 0; i < job->wanted.count; i++) {
        pm_set_add(job->pool, job->placed, job->wanted.items[i]);
    }
    if (pm_set_find(&job->fixed, job->region->name) == NULL) {
        left = pm_pool_alloc(job->pool, sizeof(*left));
        *left = (struct pm_partition){.name = job->region->name,
                                      .region = job->region->name,
                                      .address = rest.start,
                                      .size = rest.end - rest.start};
        pm_set_add(job->pool, job->placed, left);
    }
    return OK;
}
