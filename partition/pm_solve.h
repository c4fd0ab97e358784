/*
 * What the stages of resolving share: one job per region, and the functions that each stage offers to the next.
 * Internal to partition/.
 */
#ifndef PARTITION_PM_SOLVE_H
#define PARTITION_PM_SOLVE_H

#include "partition/pm_map.h"

struct pm_job {
    struct pm_pool *pool;
    const struct pm_region *region;
    const char *dynamic;   /* the partition that takes what is left of a complex region */
    struct pm_set wanted;  /* to be placed, in order of definition */
    struct pm_set fixed;   /* placed by the static configuration */
    struct pm_set *placed; /* the result so far, all regions, static partitions included */
    struct failure *failure;
};

/* An address range [start, end). */
struct pm_range {
    int64_t start;
    int64_t end;
};

/*
 * Fills in the default regions, takes out what the static configuration defines, and reduces every list to names that
 * exist: `one_of` is decided, `inside` becomes part of the container's span, partitions without size and containers
 * without members are dropped. `app` becomes the name of the region's dynamic partition. Drops become lines in
 * `notes`. Returns OK, ERR_HOST_INPUT.
 */
int pm_prepare(const struct pm_map *regions, struct pm_set *wanted, const struct pm_set *fixed, struct buffer *notes,
               struct failure *failure) ERROR_MUST_CHECK;

/* The name of a complex region's dynamic partition. */
const char *pm_dynamic_name(const struct pm_region *region);

/* The range that static partitions leave free in a complex region: exactly one. Returns OK, ERR_HOST_INPUT. */
int pm_static_gap(const struct pm_job *job, struct pm_range *gap) ERROR_MUST_CHECK;

/* The free range of a simple region, empty when it is full. Returns OK, ERR_HOST_INPUT. */
int pm_static_rest(const struct pm_job *job, struct pm_range *rest) ERROR_MUST_CHECK;

/* Place the job's partitions and add them to `placed`. Return OK, ERR_HOST_INPUT. */
int pm_solve_simple(struct pm_job *job) ERROR_MUST_CHECK;
int pm_solve_complex(struct pm_job *job) ERROR_MUST_CHECK;

/*
 * The order of a complex region's partitions from start to end, and its containers with flat spans.
 * Returns OK, ERR_HOST_INPUT.
 */
int pm_order(const struct pm_job *job, struct pm_set *order, struct pm_set *containers) ERROR_MUST_CHECK;

/*
 * Sizes and addresses of partitions in order, within `range`; inserts EMPTY_n partitions for alignment.
 * Returns OK, ERR_HOST_INPUT.
 */
int pm_layout(const struct pm_job *job, struct pm_set *order, struct pm_range range) ERROR_MUST_CHECK;

#endif
