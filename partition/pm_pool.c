#include "partition/pm_pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"

#define BLOCK_SIZE ((size_t)32768)

struct pm_pool_block {
    struct pm_pool_block *older;
    size_t size;
    max_align_t data[];
};

static size_t align_up(size_t size)
{
    return (size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
}

void *pm_pool_alloc(struct pm_pool *pool, size_t size)
{
    size_t wanted = align_up(size);
    struct pm_pool_block *block = pool->blocks;

    if (block == NULL || block->size - pool->used < wanted) {
        size_t block_size = wanted > BLOCK_SIZE ? wanted : BLOCK_SIZE;

        block = host_alloc(sizeof(*block) + block_size);
        block->size = block_size;
        block->older = pool->blocks;
        pool->blocks = block;
        pool->used = 0;
    }
    pool->used += wanted;
    return (char *)block->data + (pool->used - wanted);
}

char *pm_pool_text(struct pm_pool *pool, const char *text, size_t len)
{
    char *copy = pm_pool_alloc(pool, len + 1);

    memcpy(copy, text, len);
    return copy;
}

char *pm_pool_print(struct pm_pool *pool, const char *format, ...)
{
    va_list args;
    va_list again;
    int len;
    char *text;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = pm_pool_alloc(pool, (len > 0 ? (size_t)len : 0) + 1);
    (void)vsnprintf(text, (len > 0 ? (size_t)len : 0) + 1, format, again);
    va_end(again);
    return text;
}

void pm_pool_free(struct pm_pool *pool)
{
    while (pool->blocks != NULL) {
        struct pm_pool_block *older = pool->blocks->older;

        free(pool->blocks);
        pool->blocks = older;
    }
    pool->used = 0;
}
