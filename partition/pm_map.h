/*
 * The one data model of the Partition Manager. A map holds what a user asked for (pm.yml), what a static file fixed
 * (pm_static.yml) or the result (partitions.yml): the same partition structure in all three, with the properties that
 * were given marked. Addresses and sizes are bytes; none exceeds PM_NUMBER_MAX, so that sums of a few cannot overflow.
 */
#ifndef PARTITION_PM_MAP_H
#define PARTITION_PM_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/buffer.h"
#include "host/failure.h"
#include "partition/pm_pool.h"

#define PM_NUMBER_MAX ((int64_t)0xffffffff) /* the address space of the processors this is for */

/* Where something was written. */
struct pm_where {
    const char *file;
    unsigned line; /* from 1; 0 where unknown */
};

/* A name in a list. Names that share a number other than 0 were written as one {one_of: [...]}. */
struct pm_ref {
    const char *name;
    unsigned one_of;
};

struct pm_list {
    struct pm_ref *refs;
    size_t count;
};

enum pm_edge { PM_EDGE_NONE, PM_EDGE_START, PM_EDGE_END };

struct pm_placement {
    bool given;
    struct pm_list before;
    struct pm_list after;
    enum pm_edge edge;
    int64_t align;      /* of `edge` */
    int64_t align_next; /* 0: none */
    char keys[5];       /* the keys in the order written: b, a, l(ign), n(ext) */
};

struct pm_param {
    const char *key;
    const char *text;
    bool is_number; /* `text` is decimal */
};

struct pm_params {
    struct pm_param *items;
    size_t count;
};

/* Bits of pm_partition.given. */
enum pm_given {
    PM_GIVEN_SIZE = 1 << 0,
    PM_GIVEN_ADDRESS = 1 << 1,
    PM_GIVEN_SPAN = 1 << 2, /* a container */
    PM_GIVEN_SHARE_SIZE = 1 << 3,
    PM_GIVEN_MISPLACED_ALIGN = 1 << 4, /* align outside of placement */
};

struct pm_partition {
    const char *name;
    struct pm_where where;
    unsigned given;
    struct pm_placement placement;
    struct pm_list span;
    struct pm_list inside;
    struct pm_list share_size;
    struct pm_list affiliation;
    struct pm_params extra_params;
    const char *region; /* NULL until the default is filled in */
    const char *device; /* of results in simple regions */
    int64_t address;
    int64_t size;
    int64_t sharers;    /* partitions that take their size from this one */
    bool has_orig_span; /* the result repeats `span` as `orig_span` */
    bool is_alignment;  /* an EMPTY_n */
};

struct pm_set {
    struct pm_partition **items;
    size_t count;
    size_t capacity;
};

enum pm_strategy { PM_START_TO_END, PM_END_TO_START, PM_COMPLEX };

struct pm_region {
    const char *name;
    int64_t base;
    int64_t size;
    enum pm_strategy strategy;
    const char *device;                 /* "" when none */
    const char *default_driver_kconfig; /* "" when none */
    const char *dynamic_partition;      /* NULL: the default, `app` */
};

struct pm_map {
    struct pm_pool *pool;
    const char *domain; /* "" for the root domain */
    struct pm_set partitions;
    struct pm_region *regions;
    size_t region_count;
};

void pm_set_add(struct pm_pool *pool, struct pm_set *set, struct pm_partition *partition);
void pm_set_insert(struct pm_pool *pool, struct pm_set *set, size_t index, struct pm_partition *partition);
void pm_set_remove(struct pm_set *set, size_t index);
struct pm_partition *pm_set_find(const struct pm_set *set, const char *name); /* NULL when absent */
size_t pm_set_index(const struct pm_set *set, const char *name);              /* SIZE_MAX when absent */

/* Sorts by name, as outputs are written. */
void pm_set_sort_by_name(struct pm_set *set);

/* By address; at the same address the order stays. */
void pm_set_sort_by_address(struct pm_set *set);

void pm_list_add(struct pm_pool *pool, struct pm_list *list, const char *name, unsigned one_of);
bool pm_list_has(const struct pm_list *list, const char *name);
bool pm_list_equal(const struct pm_list *a, const struct pm_list *b);

const struct pm_region *pm_map_region(const struct pm_map *map, const char *name); /* NULL when absent */

/* "start_to_end" and so on; pm_strategy_parse returns false for another text. */
const char *pm_strategy_name(enum pm_strategy strategy);
bool pm_strategy_parse(const char *text, enum pm_strategy *strategy);

bool pm_is_container(const struct pm_partition *partition);
int64_t pm_end(const struct pm_partition *partition); /* address + size */
int64_t pm_region_end(const struct pm_region *region);

/* Puts "file:line: " in front of the message and keeps it to one line. Returns ERR_HOST_INPUT. */
int pm_fail(struct failure *failure, struct pm_where where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
