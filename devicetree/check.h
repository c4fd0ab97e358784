/* Checks of a devicetree against its bindings: a table of named rows, each with a severity. */
#ifndef DEVICETREE_CHECK_H
#define DEVICETREE_CHECK_H

#include "devicetree/binding.h"

/*
 * Runs every check over the enabled nodes and appends one line per finding ("error: ..." or "warning: ...", ending
 * with the row's name in brackets) to `report`. Returns how many rows found errors.
 */
size_t dt_check(const struct dt_tree *tree, struct buffer *report);

#endif
