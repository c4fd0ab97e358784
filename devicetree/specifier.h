/* References between nodes: entries of phandle, phandles and phandle-array properties. */
#ifndef DEVICETREE_SPECIFIER_H
#define DEVICETREE_SPECIFIER_H

#include "devicetree/binding.h"

/* One entry and the position of the next one. Starts as {0}. */
struct specifier {
    size_t index; /* of this entry, from 0 */
    const struct dt_node *target;
    const struct binding_names *names; /* of the cells; NULL when there are none */
    size_t first;                      /* of its cells, in cells of the property */
    size_t cells;
    bool bad; /* an entry refers to no node, or is cut short */
    size_t next;
    bool started;
};

/*
 * Moves to the next entry of `property`. The specifier space of a phandle-array is the property's name without
 * "s" ("pwms" -> "pwm"), "gpio" for any name that ends in "gpios". Returns false at the end or at a bad entry.
 */
bool specifier_next(const struct dt_tree *tree, enum binding_type type, const struct dt_property *property,
                    struct specifier *specifier);

#endif
