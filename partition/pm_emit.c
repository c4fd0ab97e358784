#include "partition/pm_emit.h"

#include <stdlib.h>
#include <string.h>

/* What a YAML 1.1 reader takes for something else than text. */
static const char *const reserved[] = {"null",  "Null",  "NULL", "~",   "true", "True", "TRUE", "false",
                                       "False", "FALSE", "yes",  "Yes", "YES",  "no",   "No",   "NO",
                                       "on",    "On",    "ON",   "off", "Off",  "OFF"};

static bool is_plain(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (strcmp(text, reserved[i]) == 0) {
            return false;
        }
    }
    return text[0] != 0 && strchr("0123456789-+.", text[0]) == NULL &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./()+-")] == 0;
}

static void print_text(struct buffer *out, const char *text)
{
    size_t i;

    if (is_plain(text)) {
        buffer_print(out, "%s", text);
        return;
    }
    buffer_print(out, "'");
    for (i = 0; text[i] != 0; i++) {
        buffer_print(out, text[i] == '\'' ? "''" : "%c", text[i]);
    }
    buffer_print(out, "'");
}

static void print_line(struct buffer *out, const char *indent, const char *key, const char *text)
{
    buffer_print(out, "%s%s: ", indent, key);
    print_text(out, text);
    buffer_print(out, "\n");
}

static void print_number(struct buffer *out, const char *indent, const char *key, int64_t number)
{
    buffer_print(out, "%s%s: 0x%llx\n", indent, key, (unsigned long long)number);
}

static void print_items(struct buffer *out, const char *indent, const struct pm_list *list)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        buffer_print(out, "%s- ", indent);
        print_text(out, list->refs[i].name);
        buffer_print(out, "\n");
    }
}

static void print_list(struct buffer *out, const char *indent, const char *key, const struct pm_list *list)
{
    if (list->count > 0) {
        buffer_print(out, "%s%s:\n", indent, key);
        print_items(out, indent, list);
    }
}

static void print_placement(struct buffer *out, const struct pm_placement *placement)
{
    if (placement->before.count + placement->after.count == 0 && placement->edge == PM_EDGE_NONE &&
        placement->align_next == 0) {
        return;
    }
    buffer_print(out, "  placement:\n");
    print_list(out, "    ", "after", &placement->after);
    if (placement->edge != PM_EDGE_NONE) {
        buffer_print(out, "    align:\n");
        print_number(out, "      ", placement->edge == PM_EDGE_START ? "start" : "end", placement->align);
    }
    if (placement->align_next != 0) {
        print_number(out, "    ", "align_next", placement->align_next);
    }
    print_list(out, "    ", "before", &placement->before);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct pm_param *)a)->key, ((const struct pm_param *)b)->key);
}

static void print_params(struct buffer *out, const struct pm_params *params)
{
    size_t i;

    if (params->count == 0) {
        return;
    }
    qsort(params->items, params->count, sizeof(*params->items), by_key);
    buffer_print(out, "  extra_params:\n");
    for (i = 0; i < params->count; i++) {
        const struct pm_param *param = &params->items[i];

        if (param->is_number) {
            print_number(out, "    ", param->key, strtoll(param->text, NULL, 10));
        } else {
            print_line(out, "    ", param->key, param->text);
        }
    }
}

/* `anchor` counts the spans that are written twice. */
static void print_partition(struct buffer *out, const struct pm_partition *partition, unsigned *anchor)
{
    bool twice = partition->has_orig_span && partition->span.count > 0;

    buffer_print(out, "%s:\n", partition->name);
    print_number(out, "  ", "address", partition->address);
    print_list(out, "  ", "affiliation", &partition->affiliation);
    if (partition->device != NULL) {
        print_line(out, "  ", "device", partition->device);
    }
    print_number(out, "  ", "end_address", pm_end(partition));
    print_params(out, &partition->extra_params);
    print_list(out, "  ", "inside", &partition->inside);
    if (twice) {
        buffer_print(out, "  orig_span: &id%03u\n", ++*anchor);
        print_items(out, "  ", &partition->span);
    }
    print_placement(out, &partition->placement);
    print_line(out, "  ", "region", partition->region);
    print_list(out, "  ", "share_size", &partition->share_size);
    if (partition->sharers > 0) {
        print_number(out, "  ", "sharers", partition->sharers);
    }
    print_number(out, "  ", "size", partition->size);
    if (twice) {
        buffer_print(out, "  span: *id%03u\n", *anchor);
    } else {
        print_list(out, "  ", "span", &partition->span);
    }
}

void pm_emit_partitions(const struct pm_map *map, struct buffer *out)
{
    unsigned anchor = 0;
    size_t i;

    for (i = 0; i < map->partitions.count; i++) {
        print_partition(out, map->partitions.items[i], &anchor);
    }
}

static int by_region_name(const void *a, const void *b)
{
    const struct pm_region *const *left = a;
    const struct pm_region *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

void pm_emit_regions(const struct pm_map *map, struct buffer *out)
{
    const struct pm_region **sorted = pm_pool_alloc(map->pool, map->region_count * sizeof(const struct pm_region *));
    size_t i;

    for (i = 0; i < map->region_count; i++) {
        sorted[i] = &map->regions[i];
    }
    qsort(sorted, map->region_count, sizeof(const struct pm_region *), by_region_name);
    for (i = 0; i < map->region_count; i++) {
        const struct pm_region *region = sorted[i];

        buffer_print(out, "%s:\n", region->name);
        print_number(out, "  ", "base_address", region->base);
        print_line(out, "  ", "default_driver_kconfig", region->default_driver_kconfig);
        print_line(out, "  ", "device", region->device);
        if (region->dynamic_partition != NULL) {
            print_line(out, "  ", "dynamic_partition", region->dynamic_partition);
        } else {
            buffer_print(out, "  dynamic_partition: null\n");
        }
        print_line(out, "  ", "name", region->name);
        print_line(out, "  ", "placement_strategy", pm_strategy_name(region->strategy));
        print_number(out, "  ", "size", region->size);
    }
}
