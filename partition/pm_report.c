#include "partition/pm_report.h"

#include <string.h>

#define BLUE   "\033[94m"
#define YELLOW "\033[93m"
#define RESET  "\033[0m"

struct report {
    struct buffer *out;
    bool colour;
    size_t width; /* of a frame line without its last character */
};

static const char *size_text(struct pm_pool *pool, int64_t size)
{
    return size >= 1024 ? pm_pool_print(pool, "%lldkB", (long long)(size / 1024))
                        : pm_pool_print(pool, "%lldB", (long long)size);
}

static const char *row_text(struct pm_pool *pool, const struct pm_partition *partition)
{
    return pm_pool_print(pool, "0x%llx: %s (0x%llx - %s)", (unsigned long long)partition->address, partition->name,
                         (unsigned long long)partition->size, size_text(pool, partition->size));
}

static const char *row_start(const struct pm_partition *partition)
{
    return pm_is_container(partition) ? "+---" : "| ";
}

static bool comes_later(const struct pm_partition *a, const struct pm_partition *b)
{
    if (a->address != b->address) {
        return a->address > b->address;
    }
    return a->size != b->size ? a->size < b->size : !pm_is_container(a) && pm_is_container(b);
}

/* The rows of one region in the order of the frame. */
static void collect(const struct pm_map *map, const char *region, struct pm_set *rows)
{
    size_t i;
    size_t k;

    for (i = 0; i < map->partitions.count; i++) {
        struct pm_partition *partition = map->partitions.items[i];

        if (partition->region == NULL || strcmp(partition->region, region) != 0) {
            continue;
        }
        for (k = rows->count; k > 0 && comes_later(rows->items[k - 1], partition); k--) {
        }
        pm_set_insert(map->pool, rows, k, partition);
    }
}

static void print_fill(struct report *report, char fill, size_t used, char last)
{
    for (; used < report->width; used++) {
        buffer_print(report->out, "%c", fill);
    }
    buffer_print(report->out, "%c\n", last);
}

static void print_rule(struct report *report)
{
    buffer_print(report->out, "+");
    print_fill(report, '-', 1, '+');
}

static void print_row(struct report *report, struct pm_pool *pool, const struct pm_partition *partition)
{
    bool container = pm_is_container(partition);
    const char *text = row_text(pool, partition);

    buffer_print(report->out, "%s%s%s%s", row_start(partition),
                 !report->colour ? ""
                 : container     ? BLUE
                                 : YELLOW,
                 text, report->colour ? RESET : "");
    print_fill(report, container ? '-' : ' ', strlen(row_start(partition)) + strlen(text), container ? '+' : '|');
}

static void print_header(struct report *report, const struct pm_map *map, const char *region, const struct pm_set *rows)
{
    int64_t start = rows->items[0]->address;
    int64_t end = start;
    size_t i;

    for (i = 0; i < rows->count; i++) {
        end = pm_end(rows->items[i]) > end ? pm_end(rows->items[i]) : end;
    }
    buffer_print(report->out, "%s %s %s (0x%llx - %s): %s\n", report->colour ? BLUE : "", map->domain, region,
                 (unsigned long long)(end - start), size_text(map->pool, end - start), report->colour ? RESET : "");
}

static void print_region(struct report *report, const struct pm_map *map, const char *region)
{
    struct pm_set rows = {0};
    int64_t container_end = -1;
    size_t i;

    collect(map, region, &rows);
    print_header(report, map, region, &rows);
    report->width = 0;
    for (i = 0; i < rows.count; i++) {
        size_t len = strlen(row_start(rows.items[i])) + strlen(row_text(map->pool, rows.items[i])) + 1;

        report->width = len > report->width ? len : report->width;
    }
    print_rule(report);
    for (i = 0; i < rows.count; i++) {
        print_row(report, map->pool, rows.items[i]);
        if (pm_is_container(rows.items[i])) {
            container_end = pm_end(rows.items[i]);
        } else if (pm_end(rows.items[i]) == container_end && i + 1 < rows.count &&
                   !pm_is_container(rows.items[i + 1])) {
            print_rule(report);
        }
    }
    print_rule(report);
    buffer_print(report->out, "\n");
}

void pm_report(const struct pm_map *map, bool colour, struct buffer *out)
{
    struct report report = {.out = out, .colour = colour};
    const char *last = ""; /* regions are printed in alphabetical order */

    for (;;) {
        const char *next = NULL;
        size_t i;

        for (i = 0; i < map->partitions.count; i++) {
            const char *region = map->partitions.items[i]->region;

            if (region != NULL && strcmp(region, last) > 0 && (next == NULL || strcmp(region, next) < 0)) {
                next = region;
            }
        }
        if (next == NULL) {
            return;
        }
        print_region(&report, map, next);
        last = next;
    }
}
