#include "devicetree/binding.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void names_free(struct binding_names *names)
{
    size_t i;

    for (i = 0; i < names->count; i++) {
        free(names->names[i]);
    }
    free(names->names);
    *names = (struct binding_names){0};
}

static void binding_free(struct binding *binding)
{
    size_t i;

    if (binding == NULL) {
        return;
    }
    for (i = 0; i < binding->property_count; i++) {
        free(binding->properties[i].name);
        names_free(&binding->properties[i].enums);
        names_free(&binding->properties[i].defaults);
    }
    for (i = 0; i < binding->cells_count; i++) {
        free(binding->cells[i].space);
        names_free(&binding->cells[i].names);
    }
    binding_free(binding->child);
    free(binding->compatible);
    free(binding->properties);
    free(binding->cells);
    free(binding);
}

void bindings_free(struct bindings *bindings)
{
    size_t i;

    for (i = 0; i < bindings->count; i++) {
        binding_free(bindings->loaded[i]);
    }
    free(bindings->loaded);
    *bindings = (struct bindings){0};
}

/* One binding file being read: where it is, for messages and for its includes. */
struct reader {
    const struct bindings *bindings;
    const char *path;
    unsigned depth;
    struct failure *failure;
};

static const char *scalar(struct fy_node *node)
{
    const char *text = node != NULL && fy_node_is_scalar(node) ? fy_node_get_scalar0(node) : NULL;

    return text != NULL ? text : "";
}

static const char *field(struct fy_node *map, const char *name)
{
    return scalar(fy_node_mapping_lookup_by_string(map, name, FY_NT));
}

static void add_name(struct binding_names *names, const char *name)
{
    names->names = host_realloc(names->names, (names->count + 1) * sizeof(*names->names));
    names->names[names->count++] = host_strdup(name);
}

/* A scalar counts as a list of one. */
static void read_names(struct fy_node *node, struct binding_names *names)
{
    void *at = NULL;
    struct fy_node *item;

    names_free(names);
    if (node != NULL && fy_node_is_scalar(node)) {
        add_name(names, scalar(node));
    }
    while (node != NULL && fy_node_is_sequence(node) && (item = fy_node_sequence_iterate(node, &at)) != NULL) {
        add_name(names, scalar(item));
    }
}

static const struct {
    const char *name;
    enum binding_type type;
} type_names[] = {
    {"boolean", BINDING_BOOLEAN},   {"int", BINDING_INT},
    {"array", BINDING_ARRAY},       {"uint8-array", BINDING_BYTES},
    {"string", BINDING_STRING},     {"string-array", BINDING_STRINGS},
    {"phandle", BINDING_PHANDLE},   {"phandles", BINDING_PHANDLES},
    {"compound", BINDING_COMPOUND}, {"phandle-array", BINDING_PHANDLE_ARRAY},
    {"path", BINDING_COMPOUND},
};

static int read_type(const struct reader *reader, const char *text, struct binding_property *property)
{
    size_t i;

    for (i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
        if (strcmp(type_names[i].name, text) == 0) {
            property->type = type_names[i].type;
            return OK;
        }
    }
    return failure_set(reader->failure, ERR_HOST_INPUT, "%s: property %s has the unknown type '%s'", reader->path,
                       property->name, text);
}

const struct binding_property *binding_property(const struct binding *binding, const char *name)
{
    size_t i;

    for (i = 0; binding != NULL && i < binding->property_count; i++) {
        if (strcmp(binding->properties[i].name, name) == 0) {
            return &binding->properties[i];
        }
    }
    return NULL;
}

/* An including file may repeat a property to add to it (required: true, an enum). */
static struct binding_property *obtain_property(struct binding *binding, const char *name)
{
    size_t i;

    for (i = 0; i < binding->property_count; i++) {
        if (strcmp(binding->properties[i].name, name) == 0) {
            return &binding->properties[i];
        }
    }
    binding->properties =
        host_realloc(binding->properties, (binding->property_count + 1) * sizeof(*binding->properties));
    binding->properties[binding->property_count] =
        (struct binding_property){.name = host_strdup(name), .type = BINDING_COMPOUND};
    return &binding->properties[binding->property_count++];
}

static int read_property(const struct reader *reader, struct binding *binding, const char *name, struct fy_node *map)
{
    struct binding_property *property = obtain_property(binding, name);
    struct fy_node *node;

    if (!fy_node_is_mapping(map)) {
        return failure_set(reader->failure, ERR_HOST_INPUT, "%s: property %s is no mapping", reader->path, name);
    }
    if (strcmp(field(map, "required"), "true") == 0) {
        property->required = true;
    }
    if ((node = fy_node_mapping_lookup_by_string(map, "enum", FY_NT)) != NULL) {
        read_names(node, &property->enums);
    }
    if ((node = fy_node_mapping_lookup_by_string(map, "const", FY_NT)) != NULL) {
        read_names(node, &property->enums);
    }
    if ((node = fy_node_mapping_lookup_by_string(map, "default", FY_NT)) != NULL) {
        read_names(node, &property->defaults);
    }
    node = fy_node_mapping_lookup_by_string(map, "type", FY_NT);
    return node != NULL ? read_type(reader, scalar(node), property) : OK;
}

static int read_map(const struct reader *reader, struct fy_node *map, struct binding *binding);

static int read_properties(const struct reader *reader, struct fy_node *map, struct binding *binding)
{
    void *at = NULL;
    struct fy_node_pair *pair;
    int err = OK;

    while (err == OK && fy_node_is_mapping(map) && (pair = fy_node_mapping_iterate(map, &at)) != NULL) {
        err = read_property(reader, binding, scalar(fy_node_pair_key(pair)), fy_node_pair_value(pair));
    }
    return err;
}

static void read_cells(struct binding *binding, const char *key, struct fy_node *list)
{
    struct binding_cells *cells;

    binding->cells = host_realloc(binding->cells, (binding->cells_count + 1) * sizeof(*binding->cells));
    cells = &binding->cells[binding->cells_count++];
    *cells = (struct binding_cells){.space = host_strdup(key)};
    cells->space[strlen(key) - strlen("-cells")] = 0;
    read_names(list, &cells->names);
}

static int read_file(struct reader reader, const char *path, struct binding *binding)
{
    struct fy_parse_cfg quiet = {.flags = FYPCF_QUIET};
    struct fy_document *document;
    int err = ERR_HOST_INPUT;

    reader.path = path;
    document = fy_document_build_from_file(&quiet, path);
    if (document == NULL || fy_document_root(document) == NULL) {
        (void)failure_set(reader.failure, err, "%s: not a readable YAML file", path);
    } else {
        err = read_map(&reader, fy_document_root(document), binding);
    }
    fy_document_destroy(document);
    return err;
}

/* The first directory that has the file; "" when none has. The caller frees the buffer. */
static void find_file(const struct bindings *bindings, const char *name, const char *suffix, struct buffer *path)
{
    size_t i;

    for (i = 0; i < bindings->dir_count; i++) {
        path->len = 0;
        buffer_print(path, "%s/%s%s", bindings->dirs[i], name, suffix);
        if (access(buffer_text(path), R_OK) == 0) {
            return;
        }
    }
    buffer_free(path);
}

enum { INCLUDE_DEPTH_MAX = 8 };

static int read_include(const struct reader *reader, const char *name, struct binding *binding)
{
    struct reader inner = *reader;
    struct buffer path = {0};
    int err;

    find_file(reader->bindings, name, "", &path);
    if (path.len == 0) {
        return failure_set(reader->failure, ERR_HOST_FILE, "%s: no binding directory has the included %s", reader->path,
                           name);
    }
    if (++inner.depth > INCLUDE_DEPTH_MAX) {
        err = failure_set(reader->failure, ERR_HOST_INPUT, "%s: includes are nested too deeply", reader->path);
    } else {
        err = read_file(inner, buffer_text(&path), binding);
    }
    buffer_free(&path);
    return err;
}

static int read_includes(const struct reader *reader, struct fy_node *node, struct binding *binding)
{
    struct binding_names files = {0};
    int err = OK;
    size_t i;

    read_names(node, &files);
    for (i = 0; err == OK && i < files.count; i++) {
        err = read_include(reader, files.names[i], binding);
    }
    names_free(&files);
    return err;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);

    return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static int read_entry(const struct reader *reader, const char *key, struct fy_node *value, struct binding *binding)
{
    if (strcmp(key, "properties") == 0) {
        return read_properties(reader, value, binding);
    }
    if (strcmp(key, "child-binding") == 0) {
        if (binding->child == NULL) {
            binding->child = host_alloc(sizeof(*binding->child));
            binding->child->compatible = host_strdup("");
        }
        return read_map(reader, value, binding->child);
    }
    if (ends_with(key, "-cells")) {
        read_cells(binding, key, value);
    }
    return OK; /* title, description, bus and what else Zephyr's files say to people */
}

static int read_map(const struct reader *reader, struct fy_node *map, struct binding *binding)
{
    void *at = NULL;
    struct fy_node_pair *pair;
    int err;

    if (!fy_node_is_mapping(map)) {
        return failure_set(reader->failure, ERR_HOST_INPUT, "%s: not a binding", reader->path);
    }
    err = read_includes(reader, fy_node_mapping_lookup_by_string(map, "include", FY_NT), binding);
    while (err == OK && (pair = fy_node_mapping_iterate(map, &at)) != NULL) {
        err = read_entry(reader, scalar(fy_node_pair_key(pair)), fy_node_pair_value(pair), binding);
    }
    return err;
}

static const struct binding *find_loaded(const struct bindings *bindings, const char *compatible)
{
    size_t i;

    for (i = 0; i < bindings->count; i++) {
        if (strcmp(bindings->loaded[i]->compatible, compatible) == 0) {
            return bindings->loaded[i];
        }
    }
    return NULL;
}

static int load(struct bindings *bindings, const char *compatible, const char *path, struct failure *failure)
{
    struct binding *binding = host_alloc(sizeof(*binding));

    binding->compatible = host_strdup(compatible);
    bindings->loaded = host_realloc(bindings->loaded, (bindings->count + 1) * sizeof(struct binding *));
    bindings->loaded[bindings->count++] = binding;
    return read_file((struct reader){bindings, path, 0, failure}, path, binding);
}

/* Compatibles name files, so nothing in them may lead out of the binding directories. */
static bool is_file_name(const char *compatible)
{
    return compatible[0] != '.' && strchr(compatible, '/') == NULL;
}

/* *binding becomes NULL when there is no file for `compatible`. */
static int obtain(struct bindings *bindings, const char *compatible, const struct binding **binding,
                  struct failure *failure)
{
    struct buffer path = {0};
    int err = OK;

    *binding = find_loaded(bindings, compatible);
    if (*binding != NULL || !is_file_name(compatible)) {
        return OK;
    }
    find_file(bindings, compatible, ".yaml", &path);
    if (path.len > 0) {
        err = load(bindings, compatible, buffer_text(&path), failure);
        *binding = find_loaded(bindings, compatible);
    }
    buffer_free(&path);
    return err;
}

static int attach_node(struct bindings *bindings, struct dt_node *node, struct failure *failure)
{
    const struct dt_property *compatibles = dt_property(node, "compatible");
    const char *compatible;
    size_t i;

    if (compatibles == NULL) {
        node->binding = node->parent != NULL && node->parent->binding != NULL ? node->parent->binding->child : NULL;
        return OK;
    }
    for (i = 0; (compatible = dt_string(compatibles, i)) != NULL; i++) {
        int err = obtain(bindings, compatible, &node->binding, failure);

        if (err != OK || node->binding != NULL) {
            return err;
        }
    }
    return OK;
}

/* The value as dtc would have written it. */
static void encode_default(const struct binding_property *property, struct buffer *data)
{
    size_t i;

    for (i = 0; i < property->defaults.count; i++) {
        const char *text = property->defaults.names[i];
        uint32_t value = (uint32_t)strtoul(text, NULL, 0);
        uint8_t cell[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

        if (property->type == BINDING_INT || property->type == BINDING_ARRAY) {
            buffer_append(data, cell, sizeof(cell));
        } else if (property->type == BINDING_BYTES) {
            buffer_append(data, &cell[3], 1);
        } else if (property->type == BINDING_STRING || property->type == BINDING_STRINGS) {
            buffer_append(data, text, strlen(text) + 1);
        }
    }
}

static void add_defaults(struct dt_tree *tree, struct dt_node *node)
{
    size_t i;

    for (i = 0; node->okay && node->binding != NULL && i < node->binding->property_count; i++) {
        const struct binding_property *property = &node->binding->properties[i];
        struct buffer data = {0};

        if (property->defaults.count > 0 && dt_property(node, property->name) == NULL) {
            encode_default(property, &data);
            dt_property_add(tree, node, property->name, data.data, data.len);
        }
    }
}

int bindings_attach(struct bindings *bindings, struct dt_tree *tree, struct failure *failure)
{
    size_t i;

    for (i = 0; i < tree->count; i++) {
        int err = attach_node(bindings, &tree->nodes[i], failure);

        if (err != OK) {
            return err;
        }
        add_defaults(tree, &tree->nodes[i]);
    }
    return OK;
}

const struct binding_names *binding_cells(const struct binding *binding, const char *space)
{
    size_t i;

    for (i = 0; binding != NULL && i < binding->cells_count; i++) {
        if (strcmp(binding->cells[i].space, space) == 0) {
            return &binding->cells[i].names;
        }
    }
    return NULL;
}
