/*
 * A flattened devicetree as host tools use it: nodes in document order with path, parent, labels, status and
 * ordinal. Input is a DTB that dtc wrote with -@ (its __symbols__ node carries the labels); damaged bytes are refused
 * or give a damaged tree, but nothing is read outside of them.
 *
 * Numbering: a node's ordinal is its place in document order, parents before children, so that the same sources give
 * the same numbers. An ordinal means nothing outside the image whose devicetree it comes from.
 */
#ifndef DEVICETREE_TREE_H
#define DEVICETREE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/buffer.h"
#include "host/failure.h"

struct binding;

struct dt_property {
    const char *name;    /* owned by the tree */
    const uint8_t *data; /* owned by the tree; big-endian cells or text, as in the DTB */
    size_t len;          /* bytes */
};

struct dt_node {
    char *path;
    const char *name; /* last part of `path`, with the unit address; "/" for the root */
    const struct dt_node *parent;
    struct dt_property *properties;
    size_t property_count;
    const char **labels; /* in the order of __symbols__ */
    size_t label_count;
    size_t ordinal;
    uint32_t phandle;              /* 0: nobody refers to it */
    bool okay;                     /* no status property, or "okay" */
    const struct binding *binding; /* set by bindings_attach; NULL where there is none */
};

struct dt_tree {
    struct buffer blob;
    struct dt_node *nodes; /* nodes[i].ordinal == i */
    size_t count;
    void **owned; /* property data made after parsing (defaults of bindings) */
    size_t owned_count;
};

/*
 * Parses the DTB in `blob`, whose ownership passes to `tree` in any case (free with dt_tree_free). `name` is for the
 * message. Returns OK, ERR_HOST_INPUT.
 */
int dt_tree_parse(struct dt_tree *tree, struct buffer blob, const char *name, struct failure *failure) ERROR_MUST_CHECK;
void dt_tree_free(struct dt_tree *tree);

const struct dt_node *dt_by_path(const struct dt_tree *tree, const char *path);
const struct dt_node *dt_by_phandle(const struct dt_tree *tree, uint32_t phandle); /* NULL also for 0 */

const struct dt_property *dt_property(const struct dt_node *node, const char *name);

/* Adds a property that the source does not have; `data` passes to the tree. */
void dt_property_add(struct dt_tree *tree, struct dt_node *node, const char *name, void *data, size_t len);

size_t dt_cell_count(const struct dt_property *property);
uint32_t dt_cell(const struct dt_property *property, size_t index); /* 0 beyond the end */
uint32_t dt_cell_or(const struct dt_node *node, const char *name, uint32_t otherwise);

/* String number `index` of a property that holds zero-terminated strings; NULL beyond the last or when it is none. */
const char *dt_string(const struct dt_property *property, size_t index);

/* Entries of `reg`, sized by the parent's #address-cells and #size-cells. */
size_t dt_reg_count(const struct dt_node *node);

/* Entry `index` < dt_reg_count; the address as the processor sees it, through the `ranges` of all ancestors. */
void dt_reg(const struct dt_node *node, size_t index, uint64_t *address, uint64_t *size);

/* The interrupt controller of `node` (its own or an inherited interrupt-parent); NULL when there is none. */
const struct dt_node *dt_interrupt_parent(const struct dt_tree *tree, const struct dt_node *node);

#endif
