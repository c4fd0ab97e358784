#include "devicetree/tree.h"

#include <libfdt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* dtc's own bookkeeping (__symbols__, __local_fixups__, __fixups__) is no part of the tree. */
static bool is_bookkeeping(const char *path)
{
    return strncmp(path, "/__", 3) == 0;
}

static size_t count_properties(const void *fdt, int offset)
{
    size_t count = 0;
    int property;

    fdt_for_each_property_offset(property, fdt, offset)
    {
        count++;
    }
    return count;
}

static void read_properties(const void *fdt, int offset, struct dt_node *node)
{
    int property;

    node->properties = host_alloc(count_properties(fdt, offset) * sizeof(*node->properties));
    fdt_for_each_property_offset(property, fdt, offset)
    {
        struct dt_property *p = &node->properties[node->property_count++];
        int len = 0;

        p->data = fdt_getprop_by_offset(fdt, property, &p->name, &len);
        p->len = len > 0 ? (size_t)len : 0;
    }
}

static char *join_path(const struct dt_node *parent, const char *name)
{
    struct buffer path = {0};

    buffer_print(&path, "%s/%s", parent->parent != NULL ? parent->path : "", name);
    return (char *)path.data;
}

static void set_names(struct dt_node *node, const char *name)
{
    node->path = node->parent == NULL ? host_strdup("/") : join_path(node->parent, name);
    node->name = node->parent == NULL ? node->path : strrchr(node->path, '/') + 1;
}

static void set_facts(struct dt_node *node)
{
    const struct dt_property *status = dt_property(node, "status");
    const char *text = status != NULL ? dt_string(status, 0) : "okay";

    node->phandle = dt_cell_or(node, "phandle", 0);
    node->okay = text != NULL && (strcmp(text, "okay") == 0 || strcmp(text, "ok") == 0);
}

enum { DEPTH_MAX = 32 };

/* One walk in document order; `open[d]` is the node that is open at depth d. */
static int read_nodes(struct dt_tree *tree, const void *fdt)
{
    const struct dt_node *open[DEPTH_MAX] = {NULL};
    int hidden_depth = INT_MAX;
    int depth = 0;
    int offset;

    for (offset = 0; offset >= 0 && depth >= 0; offset = fdt_next_node(fdt, offset, &depth)) {
        struct dt_node *node = &tree->nodes[tree->count];
        const char *name = fdt_get_name(fdt, offset, NULL);

        if (depth >= DEPTH_MAX || name == NULL) {
            return ERR_HOST_INPUT;
        }
        if (depth > hidden_depth) {
            continue;
        }
        node->parent = depth > 0 ? open[depth - 1] : NULL;
        set_names(node, name);
        hidden_depth = is_bookkeeping(node->path) ? depth : INT_MAX;
        if (hidden_depth != INT_MAX) {
            free(node->path);
            continue;
        }
        node->ordinal = tree->count++;
        open[depth] = node;
        read_properties(fdt, offset, node);
        set_facts(node);
    }
    return OK;
}

static size_t count_nodes(const void *fdt)
{
    size_t count = 0;
    int depth = 0;
    int offset;

    for (offset = 0; offset >= 0 && depth >= 0; offset = fdt_next_node(fdt, offset, &depth)) {
        count++;
    }
    return count;
}

static void read_labels(struct dt_tree *tree, const void *fdt)
{
    int symbols = fdt_path_offset(fdt, "/__symbols__");
    int property;

    if (symbols < 0) {
        return;
    }
    fdt_for_each_property_offset(property, fdt, symbols)
    {
        const char *label = NULL;
        struct dt_property value = {0};
        struct dt_node *node;
        int len = 0;

        value.data = fdt_getprop_by_offset(fdt, property, &label, &len);
        value.len = len > 0 ? (size_t)len : 0;
        node = (struct dt_node *)(uintptr_t)dt_by_path(tree, dt_string(&value, 0));
        if (node != NULL) {
            node->labels = host_realloc(node->labels, (node->label_count + 1) * sizeof(*node->labels));
            node->labels[node->label_count++] = label;
        }
    }
}

int dt_tree_parse(struct dt_tree *tree, struct buffer blob, const char *name, struct failure *failure)
{
    *tree = (struct dt_tree){.blob = blob};
    if (blob.len < sizeof(struct fdt_header) || fdt_check_full(blob.data, blob.len) != 0) {
        return failure_set(failure, ERR_HOST_INPUT, "%s is no valid devicetree blob (make one with dtc -@)", name);
    }
    tree->nodes = host_alloc(count_nodes(blob.data) * sizeof(*tree->nodes));
    if (read_nodes(tree, blob.data) != OK) {
        return failure_set(failure, ERR_HOST_INPUT, "%s: nodes are nested deeper than %d levels", name, DEPTH_MAX);
    }
    read_labels(tree, blob.data);
    return OK;
}

void dt_tree_free(struct dt_tree *tree)
{
    size_t i;

    for (i = 0; i < tree->count; i++) {
        free(tree->nodes[i].path);
        free(tree->nodes[i].properties);
        free(tree->nodes[i].labels);
    }
    for (i = 0; i < tree->owned_count; i++) {
        free(tree->owned[i]);
    }
    free(tree->owned);
    free(tree->nodes);
    buffer_free(&tree->blob);
    *tree = (struct dt_tree){0};
}

const struct dt_node *dt_by_path(const struct dt_tree *tree, const char *path)
{
    size_t i;

    for (i = 0; path != NULL && i < tree->count; i++) {
        if (strcmp(tree->nodes[i].path, path) == 0) {
            return &tree->nodes[i];
        }
    }
    return NULL;
}

const struct dt_node *dt_by_phandle(const struct dt_tree *tree, uint32_t phandle)
{
    size_t i;

    for (i = 0; phandle != 0 && i < tree->count; i++) {
        if (tree->nodes[i].phandle == phandle) {
            return &tree->nodes[i];
        }
    }
    return NULL;
}

const struct dt_property *dt_property(const struct dt_node *node, const char *name)
{
    size_t i;

    for (i = 0; i < node->property_count; i++) {
        if (strcmp(node->properties[i].name, name) == 0) {
            return &node->properties[i];
        }
    }
    return NULL;
}

void dt_property_add(struct dt_tree *tree, struct dt_node *node, const char *name, void *data, size_t len)
{
    node->properties = host_realloc(node->properties, (node->property_count + 1) * sizeof(*node->properties));
    node->properties[node->property_count++] = (struct dt_property){name, data, len};
    tree->owned = host_realloc(tree->owned, (tree->owned_count + 1) * sizeof(*tree->owned));
    tree->owned[tree->owned_count++] = data;
}

size_t dt_cell_count(const struct dt_property *property)
{
    return property->len / 4;
}

uint32_t dt_cell(const struct dt_property *property, size_t index)
{
    const uint8_t *b;

    if (index >= dt_cell_count(property)) {
        return 0;
    }
    b = property->data + 4 * index;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint32_t dt_cell_or(const struct dt_node *node, const char *name, uint32_t otherwise)
{
    const struct dt_property *property = dt_property(node, name);

    return property != NULL && property->len >= 4 ? dt_cell(property, 0) : otherwise;
}

const char *dt_string(const struct dt_property *property, size_t index)
{
    size_t at = 0;

    while (at < property->len) {
        const char *text = (const char *)property->data + at;
        size_t len = strnlen(text, property->len - at);

        if (len == property->len - at) {
            return NULL;
        }
        if (index-- == 0) {
            return text;
        }
        at += len + 1;
    }
    return NULL;
}

/* A number of one or two cells; the number of cells is bounded so that 64 bits hold it. */
static uint64_t cells_value(const struct dt_property *property, size_t index, size_t cells)
{
    uint64_t value = 0;
    size_t i;

    for (i = 0; i < cells; i++) {
        value = value << 32 | dt_cell(property, index + i);
    }
    return value;
}

static size_t clamp_cells(uint32_t cells)
{
    return cells > 2 ? 2 : cells;
}

static size_t address_cells(const struct dt_node *bus)
{
    return bus != NULL ? clamp_cells(dt_cell_or(bus, "#address-cells", 2)) : 2;
}

static size_t size_cells(const struct dt_node *bus)
{
    return bus != NULL ? clamp_cells(dt_cell_or(bus, "#size-cells", 1)) : 1;
}

size_t dt_reg_count(const struct dt_node *node)
{
    const struct dt_property *reg = dt_property(node, "reg");
    size_t entry = address_cells(node->parent) + size_cells(node->parent);

    return reg != NULL && entry > 0 ? dt_cell_count(reg) / entry : 0;
}

/* One step up: an address on `bus` as its parent bus sees it. Without a matching range it stays as it is. */
static uint64_t translate(const struct dt_node *bus, uint64_t address)
{
    const struct dt_property *ranges = dt_property(bus, "ranges");
    size_t child = address_cells(bus);
    size_t parent = address_cells(bus->parent);
    size_t size = size_cells(bus);
    size_t entry = child + parent + size;
    size_t at;

    for (at = 0; ranges != NULL && entry > 0 && at + entry <= dt_cell_count(ranges); at += entry) {
        uint64_t from = cells_value(ranges, at, child);

        if (address >= from && address - from < cells_value(ranges, at + child + parent, size)) {
            return cells_value(ranges, at + child, parent) + (address - from);
        }
    }
    return address;
}

void dt_reg(const struct dt_node *node, size_t index, uint64_t *address, uint64_t *size)
{
    const struct dt_property *reg = dt_property(node, "reg");
    size_t a = address_cells(node->parent);
    size_t s = size_cells(node->parent);
    const struct dt_node *bus = node->parent;

    *address = cells_value(reg, index * (a + s), a);
    *size = cells_value(reg, index * (a + s) + a, s);
    for (; bus != NULL && bus->parent != NULL; bus = bus->parent) {
        *address = translate(bus, *address);
    }
}

const struct dt_node *dt_interrupt_parent(const struct dt_tree *tree, const struct dt_node *node)
{
    for (; node != NULL; node = node->parent) {
        uint32_t phandle = dt_cell_or(node, "interrupt-parent", 0);

        if (phandle != 0) {
            return dt_by_phandle(tree, phandle);
        }
    }
    return NULL;
}
