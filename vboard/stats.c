#include "vboard/stats.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "vboard/clock.h"

void stats_free(struct stats *stats)
{
    for (size_t i = 0; i < stats->mark_count; i++) {
        free(stats->marks[i].text);
    }
    free(stats->marks);
    free(stats->boots);
    *stats = (struct stats){0};
}

struct stats_counters *stats_now(struct stats *stats)
{
    return &stats->boots[stats->boot_count - 1].counters;
}

void stats_begin_boot(struct stats *stats, const char *reset, uint64_t now)
{
    stats->boots = host_realloc(stats->boots, (stats->boot_count + 1) * sizeof(*stats->boots));
    stats->boots[stats->boot_count++] = (struct stats_boot){.reset = reset, .start = now};
}

void stats_end_boot(struct stats *stats, uint64_t now)
{
    if (stats->boot_count > 0) {
        stats_now(stats)->elapsed = now - stats->boots[stats->boot_count - 1].start;
    }
}

void stats_mark(struct stats *stats, const char *text, uint64_t now, uint64_t instructions, uint64_t uart_instructions)
{
    stats->marks = host_realloc(stats->marks, (stats->mark_count + 1) * sizeof(*stats->marks));
    stats->marks[stats->mark_count++] =
        (struct stats_mark){host_strdup(text), now, instructions, uart_instructions, stats->boot_count - 1};
}

void stats_flash_busy(struct stats *stats, uint64_t begin, uint64_t end)
{
    struct stats_counters *now = stats_now(stats);
    uint64_t start = stats->boots[stats->boot_count - 1].start;

    if (now->first_flash_at == 0) {
        now->first_flash_at = begin - start;
    }
    if (end - start > now->last_flash_at) {
        now->last_flash_at = end - start;
    }
}

void stats_fed(struct stats *stats, uint64_t now)
{
    struct stats_counters *counters = stats_now(stats);
    uint64_t since_reset = now - stats->boots[stats->boot_count - 1].start;
    uint64_t unfed = since_reset - counters->fed_at;

    counters->feeds++;
    counters->fed_at = since_reset;
    counters->longest_unfed = unfed > counters->longest_unfed ? unfed : counters->longest_unfed;
}

/* Everything but the instants is a sum; counters are uint64_t throughout. */
static void add_device(struct stats_device *sum, const struct stats_device *part)
{
    sum->erases += part->erases;
    sum->erased_bytes += part->erased_bytes;
    sum->programs += part->programs;
    sum->programmed_bytes += part->programmed_bytes;
    sum->read_bytes += part->read_bytes;
    sum->busy += part->busy;
    sum->stall += part->stall;
    sum->chip_commands += part->chip_commands;
}

struct stats_counters stats_total(const struct stats *stats)
{
    struct stats_counters sum = {0};

    for (size_t i = 0; i < stats->boot_count; i++) {
        const struct stats_counters *part = &stats->boots[i].counters;

        add_device(&sum.internal, &part->internal);
        add_device(&sum.external, &part->external);
        sum.instructions += part->instructions;
        sum.uart_instructions += part->uart_instructions;
        sum.uart_time += part->uart_time;
        sum.sleep += part->sleep;
        sum.elapsed += part->elapsed;
        sum.uart_sent += part->uart_sent;
        sum.uart_received += part->uart_received;
        sum.feeds += part->feeds;
        sum.longest_unfed = part->longest_unfed > sum.longest_unfed ? part->longest_unfed : sum.longest_unfed;
    }
    return sum;
}

static double seconds(uint64_t ticks)
{
    return (double)ticks / TICKS_PER_S;
}

static void print_device(const char *name, const struct stats_device *device, const char *indent, struct buffer *out)
{
    buffer_print(out,
                 "%s\"%s\": {\"erases\": %" PRIu64 ", \"erased_bytes\": %" PRIu64 ", \"programs\": %" PRIu64
                 ", \"programmed_bytes\": %" PRIu64 ", \"read_bytes\": %" PRIu64 ", \"commands\": %" PRIu64
                 ", \"busy_seconds\": %.6f, \"stall_seconds\": %.6f},\n",
                 indent, name, device->erases, device->erased_bytes, device->programs, device->programmed_bytes,
                 device->read_bytes, device->chip_commands, seconds(device->busy), seconds(device->stall));
}

static void print_counters(const struct stats_counters *counters, const char *indent, struct buffer *out)
{
    print_device("internal", &counters->internal, indent, out);
    print_device("external", &counters->external, indent, out);
    buffer_print(out, "%s\"instructions\": %" PRIu64 ",\n%s\"instructions_while_uart_sends\": %" PRIu64 ",\n", indent,
                 counters->instructions, indent, counters->uart_instructions);
    buffer_print(out, "%s\"uart_sent_bytes\": %" PRIu64 ",\n%s\"uart_received_bytes\": %" PRIu64 ",\n", indent,
                 counters->uart_sent, indent, counters->uart_received);
    buffer_print(out, "%s\"watchdog_feeds\": %" PRIu64 ",\n%s\"longest_unfed_seconds\": %.6f,\n", indent,
                 counters->feeds, indent, seconds(counters->longest_unfed));
    buffer_print(out, "%s\"uart_sending_seconds\": %.6f,\n%s\"sleep_seconds\": %.6f,\n%s\"elapsed_seconds\": %.6f",
                 indent, seconds(counters->uart_time), indent, seconds(counters->sleep), indent,
                 seconds(counters->elapsed));
}

static void print_text(const char *text, struct buffer *out)
{
    buffer_print(out, "\"");
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\') {
            buffer_print(out, "\\%c", *text);
        } else if ((unsigned char)*text < 0x20) {
            buffer_print(out, "\\u%04x", (unsigned)*text);
        } else {
            buffer_print(out, "%c", *text);
        }
    }
    buffer_print(out, "\"");
}

static void print_boot(const struct stats_boot *boot, bool last, struct buffer *out)
{
    buffer_print(out, "    {\n      \"reset\": \"%s\",\n      \"start_seconds\": %.6f,\n", boot->reset,
                 seconds(boot->start));
    if (boot->counters.first_flash_at != 0) {
        buffer_print(out,
                     "      \"first_flash_operation_seconds\": %.6f,\n      \"last_flash_operation_seconds\": %.6f,\n",
                     seconds(boot->counters.first_flash_at), seconds(boot->counters.last_flash_at));
    }
    print_counters(&boot->counters, "      ", out);
    buffer_print(out, "\n    }%s\n", last ? "" : ",");
}

static void print_mark(const struct stats_mark *mark, bool last, struct buffer *out)
{
    buffer_print(out, "    {\"text\": ");
    print_text(mark->text, out);
    buffer_print(out,
                 ", \"boot\": %zu, \"seconds\": %.6f, \"instructions\": %" PRIu64
                 ", \"instructions_while_uart_sends\": %" PRIu64 "}%s\n",
                 mark->boot, seconds(mark->at), mark->instructions, mark->uart_instructions, last ? "" : ",");
}

void stats_json(const struct stats *stats, struct buffer *out)
{
    struct stats_counters total = stats_total(stats);

    buffer_print(out, "{\n  \"total\": {\n");
    print_counters(&total, "    ", out);
    buffer_print(out, "\n  },\n  \"boots\": [\n");
    for (size_t i = 0; i < stats->boot_count; i++) {
        print_boot(&stats->boots[i], i + 1 == stats->boot_count, out);
    }
    buffer_print(out, "  ],\n  \"marks\": [\n");
    for (size_t i = 0; i < stats->mark_count; i++) {
        print_mark(&stats->marks[i], i + 1 == stats->mark_count, out);
    }
    buffer_print(out, "  ]\n}\n");
}
