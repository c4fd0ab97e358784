#include "partition/pm_config.h"

#include <ctype.h>
#include <string.h>

struct writer {
    struct buffer *out;
    const char *head;             /* before each macro's name */
    const char *separator;        /* between name and value */
    const struct pm_map *current; /* whose macros carry no prefix; NULL: none carries one */
    const struct pm_map *map;     /* being written */
    unsigned next_id;             /* counts on over all domains */
    struct failure *failure;
};

static const char *cased(struct pm_pool *pool, const char *text, int (*convert)(int))
{
    char *copy = pm_pool_text(pool, text, strlen(text));
    size_t i;

    for (i = 0; copy[i] != 0; i++) {
        copy[i] = (char)convert((unsigned char)copy[i]);
    }
    return copy;
}

static bool is_foreign(const struct writer *writer)
{
    return writer->current != NULL && writer->current != writer->map;
}

/* "#define PM_" or "#define PM_CPUNET_": the beginning of a macro's name. */
static void start_line(const struct writer *writer)
{
    buffer_print(writer->out, "%sPM_%s%s", writer->head, is_foreign(writer) ? writer->map->domain : "",
                 is_foreign(writer) ? "_" : "");
}

static void put_number(const struct writer *writer, const char *name, const char *what, int64_t number)
{
    start_line(writer);
    buffer_print(writer->out, "%s_%s%s0x%llx\n", name, what, writer->separator, (unsigned long long)number);
}

static void put_text(const struct writer *writer, const char *name, const char *what, const char *text)
{
    start_line(writer);
    buffer_print(writer->out, "%s_%s%s%s\n", name, what, writer->separator, text);
}

static void put_params(const struct writer *writer, const char *upper, const struct pm_params *params)
{
    size_t i;

    for (i = 0; i < params->count; i++) {
        start_line(writer);
        buffer_print(writer->out, "%s_EXTRA_PARAM_%s%s%s\n", upper, params->items[i].key, writer->separator,
                     params->items[i].text);
    }
}

static void put_id(struct writer *writer, const char *name, const char *upper)
{
    const char *lower = cased(writer->map->pool, name, tolower);

    start_line(writer);
    buffer_print(writer->out, "%s_ID%s%u\n", upper, writer->separator, writer->next_id);
    start_line(writer);
    buffer_print(writer->out, "%s_ID%sPM_%s_ID\n", lower, writer->separator, upper);
    put_text(writer, lower, "IS_ENABLED", "1");
    buffer_print(writer->out, "%sPM_%u_LABEL%s%s%s%s\n", writer->head, writer->next_id, writer->separator,
                 is_foreign(writer) ? writer->map->domain : "", is_foreign(writer) ? "_" : "", upper);
    writer->next_id++;
}

static void put_span(const struct writer *writer, const char *upper, const struct pm_list *span)
{
    size_t i;

    start_line(writer);
    buffer_print(writer->out, "%s_SPAN%s\"", upper, writer->separator);
    for (i = 0; i < span->count; i++) {
        buffer_print(writer->out, "%s%s", i == 0 ? "" : " ", span->refs[i].name);
    }
    buffer_print(writer->out, "\"\n");
}

static int put_partition(struct writer *writer, const struct pm_partition *partition)
{
    const struct pm_region *region = partition->region != NULL ? pm_map_region(writer->map, partition->region) : NULL;
    const char *upper = cased(writer->map->pool, partition->name, toupper);

    if (region == NULL) {
        return pm_fail(writer->failure, partition->where,
                       "partition '%s' is in region '%s', which the regions file lacks; give the regions.yml of the "
                       "same run",
                       partition->name, partition->region != NULL ? partition->region : "");
    }
    put_number(writer, upper, "OFFSET", partition->address - region->base);
    put_number(writer, upper, "ADDRESS", partition->address);
    put_number(writer, upper, "END_ADDRESS", pm_end(partition));
    put_number(writer, upper, "SIZE", partition->size);
    put_text(writer, upper, "NAME", partition->name);
    put_params(writer, upper, &partition->extra_params);
    if (region->device[0] != 0) {
        put_id(writer, partition->name, upper);
    }
    if (writer->current == NULL && pm_is_container(partition)) {
        put_span(writer, upper, &partition->span);
    }
    if (writer->current != NULL && region->device[0] != 0) {
        put_text(writer, upper, "DEV", region->device);
        if (region->default_driver_kconfig[0] != 0) {
            put_text(writer, upper, "DEFAULT_DRIVER_KCONFIG", region->default_driver_kconfig);
        }
    }
    return OK;
}

/* How many containers lie inside one another, the partition itself included; 0 for a plain partition. */
static size_t depth_of(const struct pm_map *map, const struct pm_partition *partition, size_t nesting)
{
    size_t deepest = 0;
    size_t i;

    if (partition == NULL || !pm_is_container(partition) || nesting > map->partitions.count) {
        return 0;
    }
    for (i = 0; i < partition->span.count; i++) {
        const struct pm_partition *member = pm_set_find(&map->partitions, partition->span.refs[i].name);
        size_t depth = depth_of(map, member, nesting + 1);

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

static bool comes_later(const struct pm_map *map, const struct pm_partition *a, const struct pm_partition *b)
{
    return a->size != b->size ? a->size > b->size : depth_of(map, a, 0) > depth_of(map, b, 0);
}

static void put_all_by_size(const struct writer *writer)
{
    const struct pm_map *map = writer->map;
    struct pm_set sorted = {0};
    size_t i;
    size_t k;

    for (i = 0; i < map->partitions.count; i++) {
        for (k = sorted.count; k > 0 && comes_later(map, sorted.items[k - 1], map->partitions.items[i]); k--) {
        }
        pm_set_insert(map->pool, &sorted, k, map->partitions.items[i]);
    }
    start_line(writer);
    buffer_print(writer->out, "ALL_BY_SIZE%s\"", writer->separator);
    for (i = 0; i < sorted.count; i++) {
        buffer_print(writer->out, "%s%s", i == 0 ? "" : " ", sorted.items[i]->name);
    }
    buffer_print(writer->out, "\"\n");
}

static void put_affiliation(const struct writer *writer, const struct pm_set *sorted, const char *name)
{
    size_t i;

    start_line(writer);
    buffer_print(writer->out, "FOREACH_AFFILIATED_TO_%s(fn)%s", name, writer->separator);
    for (i = 0; i < sorted->count; i++) {
        if (pm_list_has(&sorted->items[i]->affiliation, name)) {
            buffer_print(writer->out, " fn(%s)", cased(writer->map->pool, sorted->items[i]->name, toupper));
        }
    }
    buffer_print(writer->out, "\n");
}

static void put_affiliations(const struct writer *writer, const struct pm_set *sorted)
{
    struct pm_list seen = {0};
    size_t i;
    size_t k;

    for (i = 0; i < sorted->count; i++) {
        const struct pm_list *list = &sorted->items[i]->affiliation;

        for (k = 0; k < list->count; k++) {
            if (!pm_list_has(&seen, list->refs[k].name)) {
                pm_list_add(writer->map->pool, &seen, list->refs[k].name, 0);
                put_affiliation(writer, sorted, list->refs[k].name);
            }
        }
    }
}

static int put_map(struct writer *writer)
{
    struct pm_set sorted = {0};
    size_t i;
    int err = OK;

    for (i = 0; i < writer->map->partitions.count; i++) {
        pm_set_add(writer->map->pool, &sorted, writer->map->partitions.items[i]);
    }
    pm_set_sort_by_address(&sorted);
    for (i = 0; i < sorted.count && err == OK; i++) {
        err = put_partition(writer, sorted.items[i]);
    }
    start_line(writer);
    buffer_print(writer->out, "NUM%s%u\n", writer->separator, writer->next_id);
    put_all_by_size(writer);
    put_affiliations(writer, &sorted);
    return err;
}

static int put_maps(struct writer *writer, const struct pm_map *const *maps, size_t count)
{
    size_t i;
    int err = OK;

    for (i = 0; i < count && err == OK; i++) {
        writer->map = maps[i];
        err = put_map(writer);
    }
    return err;
}

/* The original ends its files without a line feed. */
static void drop_last_line_feed(struct buffer *out)
{
    if (out->len > 0 && out->data[out->len - 1] == '\n') {
        out->data[--out->len] = 0;
    }
}

int pm_config_file(const struct pm_map *const *maps, size_t count, struct buffer *out, struct failure *failure)
{
    struct writer writer = {.out = out, .head = "", .separator = "=", .failure = failure};
    int err = put_maps(&writer, maps, count);

    drop_last_line_feed(out);
    return err;
}

/* The partition that holds the image. */
static const struct pm_partition *image_partition(const struct pm_map *map, const char *image, struct buffer *notes,
                                                  struct failure *failure)
{
    const struct pm_partition *partition = pm_set_find(&map->partitions, image);
    const struct pm_partition *deprecated = pm_set_find(&map->partitions, pm_pool_print(map->pool, "%s_image", image));

    if (partition == NULL) {
        (void)failure_set(failure, ERR_HOST_INPUT,
                          "image '%s' has no partition in this map; give it one in the image's pm.yml, or leave it out "
                          "of --images",
                          image);
    } else if (pm_is_container(partition) && deprecated == NULL) {
        (void)pm_fail(failure, partition->where,
                      "partition '%s' of the image of that name is a container; rename the container in pm.yml, so "
                      "that the image's own partition can have the name",
                      image);
        partition = NULL;
    } else if (pm_is_container(partition)) {
        buffer_print(notes, "Image '%s' is in partition '%s_image', since '%s' is a container; rename the container.\n",
                     image, image, image);
        partition = deprecated;
    }
    return partition;
}

static const struct pm_partition *image_sram(const struct pm_map *map, const char *image, struct failure *failure)
{
    const struct pm_partition *own = pm_set_find(&map->partitions, pm_pool_print(map->pool, "%s_sram", image));
    const struct pm_partition *sram = own != NULL ? own : pm_set_find(&map->partitions, "sram_primary");

    if (sram == NULL) {
        (void)failure_set(failure, ERR_HOST_INPUT,
                          "image '%s' has no RAM: the map has neither '%s_sram' nor 'sram_primary'; add the region "
                          "sram_primary",
                          image, image);
    }
    return sram;
}

/* "PM_CONFIG" of "pm_config.h". */
static const char *guard_of(struct pm_pool *pool, const char *file)
{
    const char *stop = strstr(file, ".h");
    char *guard = pm_pool_text(pool, file, stop != NULL ? (size_t)(stop - file) : strlen(file));
    size_t i;

    for (i = 0; guard[i] != 0; i++) {
        guard[i] = isalnum((unsigned char)guard[i]) ? (char)toupper((unsigned char)guard[i]) : '_';
    }
    return guard;
}

int pm_config_header(const struct pm_map *const *maps, size_t count, size_t domain, const char *image, const char *file,
                     struct buffer *out, struct buffer *notes, struct failure *failure)
{
    const struct pm_map *map = maps[domain];
    struct writer writer = {.out = out, .head = "#define ", .separator = " ", .current = map, .failure = failure};
    const struct pm_partition *own = image_partition(map, image, notes, failure);
    const struct pm_partition *sram = own != NULL ? image_sram(map, image, failure) : NULL;
    const char *guard = guard_of(map->pool, file);
    int err;

    if (own == NULL || sram == NULL) {
        return ERR_HOST_INPUT;
    }
    buffer_print(out, "/* File generated by farboot pm, do not modify */\n#ifndef %s_H__\n#define %s_H__\n", guard,
                 guard);
    err = put_maps(&writer, maps, count);
    buffer_print(out, "#define PM_ADDRESS 0x%llx\n#define PM_SIZE 0x%llx\n", (unsigned long long)own->address,
                 (unsigned long long)own->size);
    buffer_print(out, "#define PM_SRAM_ADDRESS 0x%llx\n#define PM_SRAM_SIZE 0x%llx\n",
                 (unsigned long long)sram->address, (unsigned long long)sram->size);
    buffer_print(out, "#endif /* %s_H__ */", guard);
    return err;
}
