/*
 * Bindings as data: YAML files named <compatible>.yaml, in the subset of Zephyr's binding format that describes
 * values (properties with type, required, enum, default; <space>-cells; child-binding; include). They give the
 * properties their types, which a devicetree blob does not carry.
 */
#ifndef DEVICETREE_BINDING_H
#define DEVICETREE_BINDING_H

#include "devicetree/tree.h"

enum binding_type {
    BINDING_BOOLEAN,
    BINDING_INT,
    BINDING_ARRAY,
    BINDING_BYTES,
    BINDING_STRING,
    BINDING_STRINGS,
    BINDING_PHANDLE,
    BINDING_PHANDLES,
    BINDING_PHANDLE_ARRAY,
    BINDING_COMPOUND, /* anything; not available to C */
};

struct binding_names {
    char **names;
    size_t count;
};

struct binding_property {
    char *name;
    enum binding_type type;
    bool required;
    struct binding_names enums;    /* allowed values as written; empty: any */
    struct binding_names defaults; /* one value, or the elements of an array; empty: none */
};

/* Names of the cells of specifiers that refer to a node: "gpio-cells: [pin, flags]". */
struct binding_cells {
    char *space; /* "gpio", "interrupt" */
    struct binding_names names;
};

struct binding {
    char *compatible; /* "" for a child binding */
    struct binding_property *properties;
    size_t property_count;
    struct binding_cells *cells;
    size_t cells_count;
    struct binding *child; /* owned; what child nodes without a compatible of their own are, or NULL */
};

/* The files read so far, each once. */
struct bindings {
    const char *const *dirs; /* borrowed; searched in order */
    size_t dir_count;
    struct binding **loaded;
    size_t count;
};

void bindings_free(struct bindings *bindings);

/*
 * Gives every node of `tree` its binding (the first of its compatibles that has one, else the child binding of its
 * parent) and adds the defaults for absent properties to enabled nodes. Returns OK; ERR_HOST_FILE, ERR_HOST_INPUT
 * (a binding file that cannot be read or understood).
 */
int bindings_attach(struct bindings *bindings, struct dt_tree *tree, struct failure *failure) ERROR_MUST_CHECK;

const struct binding_property *binding_property(const struct binding *binding, const char *name);

/* The cell names for `space` of the node that a specifier refers to; NULL when its binding has none. */
const struct binding_names *binding_cells(const struct binding *binding, const char *space);

#endif
