#include "partition/pm_parse.h"

#include <ctype.h>
#include <string.h>

#include "partition/pm_yaml.h"

struct reader {
    struct pm_map *map;
    enum pm_source source;
    struct buffer *notes;
    struct failure *failure;
};

struct property {
    const char *name;
    int (*read)(struct reader *reader, struct pm_partition *partition, const struct pm_node *node);
};

bool pm_is_name(const char *text)
{
    return text[0] != 0 && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] == 0;
}

static int bad_value(struct reader *reader, const struct pm_partition *partition, const struct pm_node *node,
                     const char *wanted)
{
    const char *text = node->kind == PM_NODE_SCALAR ? node->text : NULL;

    return pm_fail(
        reader->failure, node->where, "partition '%s': '%s' must be %s%s%.80s%s%s", partition->name, node->key, wanted,
        text != NULL ? ", not '" : "", text != NULL ? text : "", text != NULL ? "'" : "",
        text != NULL && strncmp(text, "CONFIG_", 7) == 0 ? ": the image's configuration does not set this option" : "");
}

static int read_number(struct reader *reader, const struct pm_partition *partition, const struct pm_node *node,
                       int64_t *number)
{
    return pm_yaml_number(node, number) ? OK : bad_value(reader, partition, node, "a number from 0 to 0xffffffff");
}

static int read_name(struct reader *reader, const struct pm_partition *partition, const struct pm_node *list,
                     const struct pm_node *node, unsigned one_of, struct pm_list *out)
{
    if (node->kind != PM_NODE_SCALAR || !pm_is_name(node->text)) {
        return bad_value(reader, partition, list, "a name or a list of names");
    }
    pm_list_add(reader->map->pool, out, node->text, one_of);
    return OK;
}

/* {one_of: [a, b]} */
static int read_one_of(struct reader *reader, const struct pm_partition *partition, const struct pm_node *list,
                       const struct pm_node *node, unsigned number, struct pm_list *out)
{
    const struct pm_node *names = node->first;
    const struct pm_node *item;
    int err = OK;

    if (names == NULL || strcmp(names->key, "one_of") != 0) {
        return pm_fail(reader->failure, list->where,
                       "partition '%s': '%s' holds a mapping; only {one_of: [names]} can stand for a name",
                       partition->name, list->key);
    }
    if (names->next != NULL) {
        return pm_fail(reader->failure, list->where,
                       "partition '%s': 'one_of' in '%s' must be the only key of its mapping", partition->name,
                       list->key);
    }
    if (names->kind == PM_NODE_SCALAR) {
        return read_name(reader, partition, list, names, number, out);
    }
    if (names->kind != PM_NODE_LIST || names->first == NULL) {
        return pm_fail(reader->failure, list->where, "partition '%s': 'one_of' in '%s' must be a list of names",
                       partition->name, list->key);
    }
    for (item = names->first; item != NULL && err == OK; item = item->next) {
        err = read_name(reader, partition, list, item, number, out);
    }
    return err;
}

static int read_item(struct reader *reader, const struct pm_partition *partition, const struct pm_node *list,
                     const struct pm_node *node, unsigned number, struct pm_list *out)
{
    return node->kind == PM_NODE_MAP ? read_one_of(reader, partition, list, node, number, out)
                                     : read_name(reader, partition, list, node, 0, out);
}

/* A name, a list of names, or nothing at all: preprocessing may have removed every name. */
static int read_list(struct reader *reader, const struct pm_partition *partition, const struct pm_node *node,
                     struct pm_list *out)
{
    const struct pm_node *item;
    unsigned number = 1;
    int err = OK;

    if (node->kind == PM_NODE_NULL) {
        return OK;
    }
    if (node->kind != PM_NODE_LIST) {
        return read_item(reader, partition, node, node, number, out);
    }
    for (item = node->first; item != NULL && err == OK; item = item->next) {
        err = read_item(reader, partition, node, item, number++, out);
    }
    return err;
}

static int read_size(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    partition->given |= PM_GIVEN_SIZE;
    return read_number(reader, partition, node, &partition->size);
}

static int read_address(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    if (reader->source == PM_SOURCE_WANTED) {
        return pm_fail(reader->failure, node->where,
                       "partition '%s': 'address' belongs into the static configuration (--static-config)",
                       partition->name);
    }
    partition->given |= PM_GIVEN_ADDRESS;
    return read_number(reader, partition, node, &partition->address);
}

static int read_sharers(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    return read_number(reader, partition, node, &partition->sharers);
}

static int read_span(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    partition->given |= PM_GIVEN_SPAN;
    return read_list(reader, partition, node, &partition->span);
}

static int read_orig_span(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    (void)reader;
    (void)node;
    partition->has_orig_span = true;
    return OK;
}

static int read_inside(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    return read_list(reader, partition, node, &partition->inside);
}

static int read_share_size(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    partition->given |= PM_GIVEN_SHARE_SIZE;
    return read_list(reader, partition, node, &partition->share_size);
}

static int read_affiliation(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    return read_list(reader, partition, node, &partition->affiliation);
}

static int read_text(struct reader *reader, const struct pm_partition *partition, const struct pm_node *node,
                     const char **text)
{
    if (node->kind == PM_NODE_NULL) {
        return OK;
    }
    if (node->kind != PM_NODE_SCALAR) {
        return bad_value(reader, partition, node, "a single name");
    }
    *text = node->text;
    return OK;
}

static int read_region(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    return read_text(reader, partition, node, &partition->region);
}

static int read_device(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    return read_text(reader, partition, node, &partition->device);
}

static bool is_line(const char *text)
{
    size_t i;

    for (i = 0; text[i] != 0; i++) {
        if (iscntrl((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

static int read_param(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    struct pm_params *params = &partition->extra_params;
    struct pm_param *param = &params->items[params->count];
    int64_t number;
    size_t i;

    if (node->kind != PM_NODE_SCALAR || !pm_is_name(node->key) || !is_line(node->text)) {
        return pm_fail(reader->failure, node->where,
                       "partition '%s': 'extra_params' takes names with a number or a line of text; '%s' is not one",
                       partition->name, node->key);
    }
    for (i = 0; i < params->count; i++) {
        if (strcmp(params->items[i].key, node->key) == 0) {
            return pm_fail(reader->failure, node->where, "partition '%s': '%s' in 'extra_params' is given twice",
                           partition->name, node->key);
        }
    }
    param->key = node->key;
    param->is_number = pm_yaml_number(node, &number);
    param->text = param->is_number ? pm_pool_print(reader->map->pool, "%lld", (long long)number) : node->text;
    params->count++;
    return OK;
}

static int read_extra_params(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    const struct pm_node *item;
    size_t count = 0;
    int err = OK;

    if (node->kind != PM_NODE_MAP && node->kind != PM_NODE_NULL) {
        return bad_value(reader, partition, node, "a mapping of names to values");
    }
    for (item = node->first; item != NULL; item = item->next) {
        count++;
    }
    partition->extra_params.items = pm_pool_alloc(reader->map->pool, count * sizeof(struct pm_param));
    for (item = node->first; item != NULL && err == OK; item = item->next) {
        err = read_param(reader, partition, item);
    }
    return err;
}

/* The original writes it and never reads it. */
static int read_nothing(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    (void)reader;
    (void)partition;
    (void)node;
    return OK;
}

static int read_misplaced(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    (void)reader;
    (void)node;
    partition->given |= PM_GIVEN_MISPLACED_ALIGN;
    return OK;
}

static int read_alignment(struct reader *reader, const struct pm_partition *partition, const struct pm_node *node,
                          int64_t *bytes)
{
    int err = read_number(reader, partition, node, bytes);

    return err == OK && *bytes == 0 ? bad_value(reader, partition, node, "at least 1") : err;
}

static int read_align(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    const struct pm_node *edge = node->first;

    if (node->kind != PM_NODE_MAP || edge == NULL || edge->next != NULL ||
        (strcmp(edge->key, "start") != 0 && strcmp(edge->key, "end") != 0)) {
        return pm_fail(reader->failure, node->where,
                       "partition '%s': 'align' must be {start: BYTES} or {end: BYTES}, one of them", partition->name);
    }
    partition->placement.edge = strcmp(edge->key, "start") == 0 ? PM_EDGE_START : PM_EDGE_END;
    return read_alignment(reader, partition, edge, &partition->placement.align);
}

static bool holds_one_of(const struct pm_list *list)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        if (list->refs[i].one_of != 0) {
            return true;
        }
    }
    return false;
}

static int read_direction(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    struct pm_list *list =
        strcmp(node->key, "before") == 0 ? &partition->placement.before : &partition->placement.after;
    int err = read_list(reader, partition, node, list);

    if (err == OK && holds_one_of(list)) {
        return pm_fail(reader->failure, node->where,
                       "partition '%s': 'one_of' cannot be used in 'placement'; list the names, the first that exists "
                       "is taken",
                       partition->name);
    }
    return err;
}

static int read_placement_key(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    char *keys = partition->placement.keys;
    const char *letter = strcmp(node->key, "align") == 0        ? "l"
                         : strcmp(node->key, "align_next") == 0 ? "n"
                         : strcmp(node->key, "before") == 0     ? "b"
                         : strcmp(node->key, "after") == 0      ? "a"
                                                                : NULL;

    if (letter == NULL) {
        return pm_fail(reader->failure, node->where,
                       "partition '%s': 'placement' has no property '%s'; it has before, after, align and align_next",
                       partition->name, node->key);
    }
    if (strchr(keys, letter[0]) != NULL) {
        return pm_fail(reader->failure, node->where, "partition '%s': '%s' is given twice", partition->name, node->key);
    }
    keys[strlen(keys)] = letter[0];
    if (letter[0] == 'l') {
        return read_align(reader, partition, node);
    }
    return letter[0] == 'n' ? read_alignment(reader, partition, node, &partition->placement.align_next)
                            : read_direction(reader, partition, node);
}

static int read_placement(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    const struct pm_node *item;
    int err = OK;

    partition->placement.given = true;
    if (node->kind != PM_NODE_MAP && node->kind != PM_NODE_NULL) {
        return bad_value(reader, partition, node, "a mapping of before, after, align and align_next");
    }
    for (item = node->first; item != NULL && err == OK; item = item->next) {
        err = read_placement_key(reader, partition, item);
    }
    return err;
}

static const struct property properties[] = {
    {"placement", read_placement},     {"size", read_size},
    {"region", read_region},           {"span", read_span},
    {"inside", read_inside},           {"share_size", read_share_size},
    {"address", read_address},         {"end_address", read_nothing},
    {"affiliation", read_affiliation}, {"extra_params", read_extra_params},
    {"device", read_device},           {"sharers", read_sharers},
    {"orig_span", read_orig_span},     {"align", read_misplaced},
    {"align_next", read_misplaced},
};

#define PROPERTY_COUNT (sizeof(properties) / sizeof(properties[0]))

static size_t find_property(const char *name)
{
    size_t i;

    for (i = 0; i < PROPERTY_COUNT && strcmp(properties[i].name, name) != 0; i++) {
    }
    return i;
}

static int read_partition(struct reader *reader, struct pm_partition *partition, const struct pm_node *node)
{
    const struct pm_node *item;
    unsigned seen = 0;
    int err = OK;

    if (node->kind != PM_NODE_MAP && node->kind != PM_NODE_NULL) {
        return pm_fail(reader->failure, node->where, "partition '%s' must be a mapping of properties", partition->name);
    }
    for (item = node->first; item != NULL && err == OK; item = item->next) {
        size_t index = find_property(item->key);

        if (index == PROPERTY_COUNT && !pm_is_name(item->key)) {
            err = pm_fail(reader->failure, item->where, "partition '%s': '%s' is no property", partition->name,
                          item->key);
        } else if (index == PROPERTY_COUNT) {
            buffer_print(reader->notes, "%s:%u: partition '%s': unknown property '%s' is ignored\n", item->where.file,
                         item->where.line, partition->name, item->key);
        } else if ((seen & (1U << index)) != 0) {
            err = pm_fail(reader->failure, item->where, "partition '%s': '%s' is given twice", partition->name,
                          item->key);
        } else {
            seen |= 1U << index;
            err = properties[index].read(reader, partition, item);
        }
    }
    return err;
}

static bool text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool placement_equal(const struct pm_placement *a, const struct pm_placement *b)
{
    return a->given == b->given && pm_list_equal(&a->before, &b->before) && pm_list_equal(&a->after, &b->after) &&
           a->edge == b->edge && a->align == b->align && a->align_next == b->align_next;
}

static bool params_equal(const struct pm_params *a, const struct pm_params *b)
{
    size_t i;

    for (i = 0; i < a->count && a->count == b->count; i++) {
        if (strcmp(a->items[i].key, b->items[i].key) != 0 || strcmp(a->items[i].text, b->items[i].text) != 0) {
            return false;
        }
    }
    return a->count == b->count;
}

/* The property in which two definitions differ, or NULL. */
static const char *difference(const struct pm_partition *a, const struct pm_partition *b)
{
    unsigned given = a->given ^ b->given;
    const struct {
        bool same;
        const char *property;
    } rows[] = {
        {a->size == b->size && (given & PM_GIVEN_SIZE) == 0, "size"},
        {a->address == b->address && (given & PM_GIVEN_ADDRESS) == 0, "address"},
        {text_equal(a->region, b->region), "region"},
        {placement_equal(&a->placement, &b->placement), "placement"},
        {pm_list_equal(&a->span, &b->span) && (given & PM_GIVEN_SPAN) == 0, "span"},
        {pm_list_equal(&a->inside, &b->inside), "inside"},
        {pm_list_equal(&a->share_size, &b->share_size) && (given & PM_GIVEN_SHARE_SIZE) == 0, "share_size"},
        {pm_list_equal(&a->affiliation, &b->affiliation), "affiliation"},
        {params_equal(&a->extra_params, &b->extra_params), "extra_params"},
        {(given & PM_GIVEN_MISPLACED_ALIGN) == 0, "align"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!rows[i].same) {
            return rows[i].property;
        }
    }
    return NULL;
}

static int check_name(struct reader *reader, const struct pm_node *node)
{
    if (!pm_is_name(node->key)) {
        return pm_fail(reader->failure, node->where,
                       "partition '%s': a name consists of letters, digits and underscores, as macros are made of it",
                       node->key);
    }
    if (strcmp(node->key, "start") == 0 || strcmp(node->key, "end") == 0) {
        return pm_fail(reader->failure, node->where,
                       "'%s' names the %s of the region and cannot name a partition; choose another name", node->key,
                       node->key);
    }
    return OK;
}

static int check_result(struct reader *reader, const struct pm_partition *partition)
{
    unsigned needed = PM_GIVEN_ADDRESS | PM_GIVEN_SIZE;

    return (partition->given & needed) == needed && partition->region != NULL
               ? OK
               : pm_fail(reader->failure, partition->where,
                         "partition '%s' lacks 'address', 'size' or 'region'; give a partitions.yml that farboot pm "
                         "has written",
                         partition->name);
}

static int add_partition(struct reader *reader, const struct pm_node *node)
{
    struct pm_partition *partition = pm_pool_alloc(reader->map->pool, sizeof(*partition));
    const struct pm_partition *first = pm_set_find(&reader->map->partitions, node->key);
    const char *property;
    int err = check_name(reader, node);

    partition->name = node->key;
    partition->where = node->where;
    if (err == OK) {
        err = read_partition(reader, partition, node);
    }
    if (err == OK && reader->source == PM_SOURCE_RESULT) {
        err = check_result(reader, partition);
    }
    if (err != OK) {
        return err;
    }
    if (first == NULL) {
        pm_set_add(reader->map->pool, &reader->map->partitions, partition);
        return OK;
    }
    property = difference(first, partition);
    return property == NULL
               ? OK
               : pm_fail(reader->failure, node->where,
                         "partition '%s' is also defined at %s:%u with another '%s'; make both the same or rename one",
                         node->key, first->where.file, first->where.line, property);
}

static int parse_top(struct pm_pool *pool, const char *path, const struct buffer *text, struct pm_node **root,
                     struct failure *failure)
{
    int err = pm_yaml_parse(pool, path, text, root, failure);

    if (err == OK && *root != NULL && (*root)->kind != PM_NODE_MAP && (*root)->kind != PM_NODE_NULL) {
        err = pm_fail(failure, (*root)->where, "must be a mapping of names to properties");
    }
    return err;
}

int pm_parse_partitions(struct pm_map *map, enum pm_source source, const char *path, const struct buffer *text,
                        struct buffer *notes, struct failure *failure)
{
    struct reader reader = {map, source, notes, failure};
    const struct pm_node *item;
    struct pm_node *root;
    int err = parse_top(map->pool, path, text, &root, failure);

    for (item = err == OK && root != NULL ? root->first : NULL; item != NULL && err == OK; item = item->next) {
        err = add_partition(&reader, item);
    }
    return err;
}

static const struct pm_node *child(const struct pm_node *node, const char *key)
{
    const struct pm_node *item;

    for (item = node->first; item != NULL && strcmp(item->key, key) != 0; item = item->next) {
    }
    return item;
}

static const char *child_text(const struct pm_node *node, const char *key, const char *otherwise)
{
    const struct pm_node *item = child(node, key);

    return item != NULL && item->kind == PM_NODE_SCALAR ? item->text : otherwise;
}

static int read_one_region(const struct pm_node *node, struct pm_region *region, struct failure *failure)
{
    const struct pm_node *base = child(node, "base_address");
    const struct pm_node *size = child(node, "size");

    region->name = node->key;
    region->device = child_text(node, "device", "");
    region->default_driver_kconfig = child_text(node, "default_driver_kconfig", "");
    region->dynamic_partition = child_text(node, "dynamic_partition", NULL);
    if (base == NULL || !pm_yaml_number(base, &region->base) || size == NULL || !pm_yaml_number(size, &region->size)) {
        return pm_fail(failure, node->where, "region '%s' needs 'base_address' and 'size', both numbers", node->key);
    }
    if (!pm_strategy_parse(child_text(node, "placement_strategy", "start_to_end"), &region->strategy)) {
        return pm_fail(failure, node->where,
                       "region '%s': 'placement_strategy' must be start_to_end, end_to_start or complex", node->key);
    }
    return OK;
}

int pm_parse_regions(struct pm_map *map, const char *path, const struct buffer *text, struct failure *failure)
{
    const struct pm_node *item;
    struct pm_node *root;
    size_t count = 0;
    int err = parse_top(map->pool, path, text, &root, failure);

    if (err != OK || root == NULL) {
        return err;
    }
    for (item = root->first; item != NULL; item = item->next) {
        count++;
    }
    map->regions = pm_pool_alloc(map->pool, count * sizeof(*map->regions));
    for (item = root->first; item != NULL && err == OK; item = item->next) {
        err = read_one_region(item, &map->regions[map->region_count++], failure);
    }
    return err;
}
