#include "partition/pm_map.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pm_set_insert(struct pm_pool *pool, struct pm_set *set, size_t index, struct pm_partition *partition)
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity != 0 ? 2 * set->capacity : 16;
        struct pm_partition **items = pm_pool_alloc(pool, capacity * sizeof(struct pm_partition *));

        if (set->count > 0) {
            memcpy(items, set->items, set->count * sizeof(struct pm_partition *));
        }
        set->items = items;
        set->capacity = capacity;
    }
    memmove(set->items + index + 1, set->items + index, (set->count - index) * sizeof(struct pm_partition *));
    set->items[index] = partition;
    set->count++;
}

void pm_set_add(struct pm_pool *pool, struct pm_set *set, struct pm_partition *partition)
{
    pm_set_insert(pool, set, set->count, partition);
}

void pm_set_remove(struct pm_set *set, size_t index)
{
    set->count--;
    memmove(set->items + index, set->items + index + 1, (set->count - index) * sizeof(struct pm_partition *));
}

size_t pm_set_index(const struct pm_set *set, const char *name)
{
    size_t i;

    for (i = 0; i < set->count; i++) {
        if (strcmp(set->items[i]->name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

struct pm_partition *pm_set_find(const struct pm_set *set, const char *name)
{
    size_t index = pm_set_index(set, name);

    return index != SIZE_MAX ? set->items[index] : NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct pm_partition *const *left = a;
    const struct pm_partition *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

void pm_set_sort_by_name(struct pm_set *set)
{
    if (set->count > 0) {
        qsort(set->items, set->count, sizeof(struct pm_partition *), by_name);
    }
}

/* Insertion sort, because it keeps equal addresses in order and maps are small. */
void pm_set_sort_by_address(struct pm_set *set)
{
    size_t i;
    size_t k;

    for (i = 1; i < set->count; i++) {
        struct pm_partition *moved = set->items[i];

        for (k = i; k > 0 && set->items[k - 1]->address > moved->address; k--) {
            set->items[k] = set->items[k - 1];
        }
        set->items[k] = moved;
    }
}

void pm_list_add(struct pm_pool *pool, struct pm_list *list, const char *name, unsigned one_of)
{
    struct pm_ref *refs = pm_pool_alloc(pool, (list->count + 1) * sizeof(*refs));

    if (list->count > 0) {
        memcpy(refs, list->refs, list->count * sizeof(*refs));
    }
    refs[list->count] = (struct pm_ref){name, one_of};
    list->refs = refs;
    list->count++;
}

bool pm_list_has(const struct pm_list *list, const char *name)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        if (strcmp(list->refs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool pm_list_equal(const struct pm_list *a, const struct pm_list *b)
{
    size_t i;

    if (a->count != b->count) {
        return false;
    }
    for (i = 0; i < a->count; i++) {
        if (strcmp(a->refs[i].name, b->refs[i].name) != 0 || a->refs[i].one_of != b->refs[i].one_of) {
            return false;
        }
    }
    return true;
}

const struct pm_region *pm_map_region(const struct pm_map *map, const char *name)
{
    size_t i;

    for (i = 0; i < map->region_count; i++) {
        if (strcmp(map->regions[i].name, name) == 0) {
            return &map->regions[i];
        }
    }
    return NULL;
}

static const char *const strategy_names[] = {
    [PM_START_TO_END] = "start_to_end",
    [PM_END_TO_START] = "end_to_start",
    [PM_COMPLEX] = "complex",
};

const char *pm_strategy_name(enum pm_strategy strategy)
{
    return strategy_names[strategy];
}

bool pm_strategy_parse(const char *text, enum pm_strategy *strategy)
{
    int i;

    for (i = PM_START_TO_END; i <= PM_COMPLEX; i++) {
        if (strcmp(text, strategy_names[i]) == 0) {
            *strategy = (enum pm_strategy)i;
            return true;
        }
    }
    return false;
}

bool pm_is_container(const struct pm_partition *partition)
{
    return (partition->given & PM_GIVEN_SPAN) != 0;
}

int64_t pm_end(const struct pm_partition *partition)
{
    return partition->address + partition->size;
}

int64_t pm_region_end(const struct pm_region *region)
{
    return region->base + region->size;
}

int pm_fail(struct failure *failure, struct pm_where where, const char *format, ...)
{
    char text[sizeof(failure->text)];
    va_list args;
    size_t i;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (i = 0; text[i] != 0; i++) {
        text[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
    }
    if (where.file == NULL) {
        return failure_set(failure, ERR_HOST_INPUT, "%s", text);
    }
    if (where.line == 0) {
        return failure_set(failure, ERR_HOST_INPUT, "%.200s: %.800s", where.file, text);
    }
    return failure_set(failure, ERR_HOST_INPUT, "%.200s:%u: %.800s", where.file, where.line, text);
}
