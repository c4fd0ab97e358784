/*
 * Memory of one run of the Partition Manager: everything that is parsed or made lives until the run ends, so it is
 * freed at once and no error path frees anything. Relies on host/buffer.h for running out of memory.
 */
#ifndef PARTITION_PM_POOL_H
#define PARTITION_PM_POOL_H

#include <stddef.h>

struct pm_pool_block;

struct pm_pool {
    struct pm_pool_block *blocks; /* newest first */
    size_t used;                  /* bytes taken from the newest */
};

void *pm_pool_alloc(struct pm_pool *pool, size_t size); /* zeroed, aligned for any type */
char *pm_pool_text(struct pm_pool *pool, const char *text, size_t len);
char *pm_pool_print(struct pm_pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pm_pool_free(struct pm_pool *pool); /* and back to empty */

#endif
