/*
 * YAML text to a plain tree with positions. This is the only place that knows libfyaml. The text is untrusted: nesting
 * and the number of nodes are bounded, so that neither a loop of aliases nor aliases of aliases can run away.
 *
 * Files come from the C preprocessor; its line markers (`# 12 "pm.yml"`) are comments to YAML and give the positions.
 */
#ifndef PARTITION_PM_YAML_H
#define PARTITION_PM_YAML_H

#include "partition/pm_map.h"

enum pm_node_kind { PM_NODE_NULL, PM_NODE_SCALAR, PM_NODE_LIST, PM_NODE_MAP };

struct pm_node {
    enum pm_node_kind kind;
    const char *key;  /* in a mapping; else NULL */
    const char *text; /* of a scalar */
    bool quoted;
    struct pm_where where;
    struct pm_node *first; /* children of a list or mapping, in order */
    struct pm_node *next;
};

/*
 * Parses one document; `root` is NULL when there is none. `path` is for messages and must live as long as the pool.
 * Returns OK, ERR_HOST_INPUT.
 */
int pm_yaml_parse(struct pm_pool *pool, const char *path, const struct buffer *text, struct pm_node **root,
                  struct failure *failure) ERROR_MUST_CHECK;

/* A plain decimal, hexadecimal (0x) or octal (0) integer from 0 to PM_NUMBER_MAX. */
bool pm_yaml_number(const struct pm_node *node, int64_t *number);

#endif
