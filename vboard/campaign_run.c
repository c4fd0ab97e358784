/* Many cases: which ones, on several processes, and what came of them. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/random.h"
#include "vboard/campaign_case.h"
#include "vboard/cut.h"

#define PROCESSES_MAX 64U
#define FAILURES_MAX  12U
#define EARLY         8U /* operations at the begin of a recovery that deserve a second cut */

/* What one process found; in memory that all share. */
struct tally_sheet {
    struct campaign_tally by_kind[OP_KINDS];
    size_t most_resets;
    size_t failure_count;
    char failures[FAILURES_MAX][CAMPAIGN_TEXT + 80];
};

struct shared {
    atomic_uint_fast64_t next; /* case to be taken */
    atomic_uint_fast64_t done;
    atomic_uint_fast64_t failed;
    struct tally_sheet sheets[PROCESSES_MAX];
};

/* One process's view: the update without cuts, the recovery from the present cut, and the boot that is played. */
struct worker {
    struct campaign *campaign;
    const struct campaign_plan *plan;
    struct shared *shared;
    struct tally_sheet *sheet;
    const size_t *bounds; /* of the stretches that get a first cut each */
    struct flash_state update;
    struct flash_walk along_update;
    struct flash_state recovery;
    struct flash_log recovery_log;
    struct flash_state played;
};

/* ---- which cases ---- */

/*
 * An index in [first, end), end > first. Programs that go on where the last one ended are many and alike, so it is
 * mostly one of the others.
 */
static size_t choose(const struct flash_log *log, size_t first, size_t end, struct random *random)
{
    size_t chosen = first + random_below(random, (uint32_t)(end - first));
    uint32_t special = 0;

    if (random_below(random, 4) == 0) {
        return chosen;
    }
    for (size_t i = first; i < end; i++) {
        if (!log->entries[i].is_straight && random_below(random, ++special) == 0) {
            chosen = i;
        }
    }
    return chosen;
}

/* Cases with the same first cut but for its kind. */
static uint64_t cases_per_stretch(const struct campaign_plan *plan)
{
    return plan->torn ? 2 : 1;
}

uint64_t campaign_suggest_first(const struct campaign *campaign, const struct campaign_plan *plan, unsigned seconds)
{
    uint64_t boots = cases_per_stretch(plan) * (1 + plan->second);

    return (uint64_t)seconds * 1000000000U * plan->processes / (boots * (campaign->baseline.cpu_ns + 1)) + 1;
}

/* Where stretches of `every` operations begin, and the end behind the last one. */
static size_t divide_evenly(const struct flash_log *log, uint64_t every, size_t *bounds)
{
    size_t count = 0;

    for (uint64_t at = 0; at < log->count; at += every) {
        bounds[count++] = (size_t)at;
    }
    bounds[count] = log->count;
    return count;
}

/* Stretches of equal weight: what is one of many alike weighs 1, and all others together as much as all of those. */
static size_t divide_by_weight(const struct flash_log *log, uint64_t wanted, size_t *bounds)
{
    uint64_t straight = 0;
    uint64_t heavy;
    uint64_t total;
    uint64_t sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < log->count; i++) {
        straight += log->entries[i].is_straight;
    }
    heavy = straight / (log->count - straight) + 1; /* the first operation is not straight */
    total = straight + heavy * (log->count - straight);
    for (size_t i = 0; i < log->count; i++) {
        if (sum * wanted >= total * count) {
            bounds[count++] = i;
        }
        sum += log->entries[i].is_straight ? 1 : heavy;
    }
    bounds[count] = log->count;
    return count;
}

static int by_value(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;

    return (x > y) - (x < y);
}

/* Where the recovery is cut: one early, the others spread over it; all of it when `wanted` allows. Ascending. */
static size_t choose_second(const struct flash_log *log, size_t wanted, struct random *random, size_t *chosen)
{
    size_t count = wanted < log->count ? wanted : log->count;
    size_t distinct = 0;

    for (size_t i = 0; i < count; i++) {
        size_t first = wanted >= log->count ? i : i == 0 ? 0 : (i - 1) * log->count / (count - 1);
        size_t end = wanted >= log->count ? i + 1 : i == 0 ? log->count : i * log->count / (count - 1);

        end = i == 0 && wanted < log->count && end > EARLY ? EARLY : end;
        chosen[i] = choose(log, first, end, random);
    }
    qsort(chosen, count, sizeof(*chosen), by_value);
    for (size_t i = 0; i < count; i++) {
        if (distinct == 0 || chosen[distinct - 1] != chosen[i]) {
            chosen[distinct++] = chosen[i];
        }
    }
    return distinct;
}

/* ---- ids ---- */

static void print_id(const struct campaign_case *which, char *out, size_t size)
{
    int len = snprintf(out, size, "%u:", (unsigned)which->seed);

    for (size_t i = 0; i < which->cuts && len > 0 && (size_t)len < size; i++) {
        len += snprintf(out + len, size - (size_t)len, "%s%" PRIu64 "%c", i == 0 ? "" : "/", which->chain[i].operation,
                        which->chain[i].torn ? 'T' : 'C');
    }
}

bool campaign_parse_id(const char *text, struct campaign_case *parsed)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    *parsed = (struct campaign_case){.seed = (uint32_t)number};
    if (end == text || *end != ':' || number > UINT32_MAX) {
        return false;
    }
    do {
        text = end + 1;
        number = strtoull(text, &end, 10);
        if (end == text || *text == '-' || *text == '+' || number == 0 || (*end != 'C' && *end != 'T') ||
            parsed->cuts == CAMPAIGN_CHAIN_MAX) {
            return false;
        }
        parsed->chain[parsed->cuts].operation = number;
        parsed->chain[parsed->cuts++].torn = *end++ == 'T';
    } while (*end == '/');
    return *end == 0;
}

/* ---- one process ---- */

static void note(struct worker *worker, const struct campaign_case *which, const struct campaign_boot *boot)
{
    enum stats_operation kind = worker->campaign->log.entries[which->chain[0].operation - 1].kind;
    struct campaign_tally *tally = &worker->sheet->by_kind[kind];
    struct tally_sheet *sheet = worker->sheet;
    char id[64];

    tally->tried[which->cuts > 1 ? CAMPAIGN_SECOND : which->chain[0].torn ? CAMPAIGN_TORN : CAMPAIGN_CLEAN]++;
    sheet->most_resets = boot->resets > sheet->most_resets ? boot->resets : sheet->most_resets;
    if (boot->trouble[0] == 0) {
        tally->new_runs += boot->image == CAMPAIGN_NEW;
        tally->old_runs += boot->image == CAMPAIGN_OLD;
        return;
    }
    tally->failed++;
    atomic_fetch_add(&worker->shared->failed, 1);
    if (sheet->failure_count < FAILURES_MAX) {
        print_id(which, id, sizeof(id));
        (void)snprintf(sheet->failures[sheet->failure_count++], sizeof(sheet->failures[0]), "%s: %s", id,
                       boot->trouble);
    }
}

/* Power returns on worker->played, for good. */
static void play_out(struct worker *worker, const struct campaign_case *which, struct flash_log *log)
{
    const struct campaign_play play = {.flash = &worker->played, .log = log};
    struct campaign_boot boot;
    bool torn = false;

    for (size_t i = 0; i < which->cuts; i++) {
        torn = torn || which->chain[i].torn;
    }
    campaign_boot(worker->campaign, &play, &boot);
    campaign_judge(worker->campaign, &worker->played, torn, NULL, &boot);
    note(worker, which, &boot);
}

static void cut(const struct flash_walk *walk, const struct flash_log *log, struct worker *worker,
                const struct flash_state *from, struct campaign_case *which)
{
    uint64_t operation = walk->at + 1;
    bool torn = which->chain[which->cuts].torn;

    which->chain[which->cuts++].operation = operation;
    flash_state_copy(&worker->played, from);
    flash_walk_cut(walk, log, &worker->played, torn, campaign_damage(which->seed, which->cuts, operation));
}

/* worker->recovery is flash after the first cut, worker->recovery_log what came then. */
static void cut_recovery(struct worker *worker, const struct campaign_case *first, struct random *random)
{
    struct flash_walk along = {.models = worker->recovery.models};
    const struct flash_log *log = &worker->recovery_log;
    size_t *chosen = host_alloc((worker->plan->second + 1) * sizeof(*chosen));
    size_t count = choose_second(log, worker->plan->second, random, chosen);

    for (size_t i = 0; i < count; i++) {
        struct campaign_case which = *first;

        which.chain[1].torn = worker->plan->torn && random_below(random, 2) == 0;
        flash_walk_to(&along, log, chosen[i]);
        cut(&along, log, worker, &worker->recovery, &which);
        play_out(worker, &which, NULL);
    }
    free(chosen);
}

static void explore(struct worker *worker, uint64_t index)
{
    struct campaign *campaign = worker->campaign;
    uint64_t kinds = cases_per_stretch(worker->plan);
    uint64_t stretch = index / kinds;
    const size_t *bounds = worker->bounds + stretch;
    struct random random = {(uint64_t)campaign->config.seed << 32 | stretch};
    struct campaign_case which = {.seed = campaign->config.seed};

    flash_walk_to(&worker->along_update, &campaign->log, choose(&campaign->log, bounds[0], bounds[1], &random));
    which.chain[0].torn = index % kinds == 1;
    cut(&worker->along_update, &campaign->log, worker, &worker->update, &which);
    if (worker->plan->second == 0) {
        play_out(worker, &which, NULL);
        return;
    }
    flash_state_copy(&worker->recovery, &worker->played);
    flash_log_init(&worker->recovery_log);
    play_out(worker, &which, &worker->recovery_log);
    cut_recovery(worker, &which, &random);
    flash_log_free(&worker->recovery_log);
}

/* Cases are taken in order, so that each process walks along the update once. */
static void work(struct worker *worker, uint64_t all, pid_t parent)
{
    uint64_t index;

    flash_state_init(&worker->update);
    flash_state_init(&worker->recovery);
    flash_state_init(&worker->played);
    flash_state_copy(&worker->update, &worker->campaign->start);
    worker->along_update.models = worker->update.models;
    while ((index = atomic_fetch_add(&worker->shared->next, 1)) < all && getppid() == parent) {
        explore(worker, index);
        atomic_fetch_add(&worker->shared->done, 1);
    }
}

/* ---- all processes ---- */

static void add_tally(struct campaign_tally *sum, const struct campaign_tally *part)
{
    for (size_t i = 0; i < CAMPAIGN_CUTS; i++) {
        sum->tried[i] += part->tried[i];
    }
    sum->new_runs += part->new_runs;
    sum->old_runs += part->old_runs;
    sum->failed += part->failed;
}

static void collect(const struct shared *shared, unsigned processes, struct campaign_report *report)
{
    size_t told = 0;

    for (unsigned i = 0; i < processes; i++) {
        const struct tally_sheet *sheet = &shared->sheets[i];

        for (size_t kind = 0; kind < OP_KINDS; kind++) {
            add_tally(&report->by_kind[kind], &sheet->by_kind[kind]);
            add_tally(&report->total, &sheet->by_kind[kind]);
        }
        report->most_resets = sheet->most_resets > report->most_resets ? sheet->most_resets : report->most_resets;
        for (size_t j = 0; j < sheet->failure_count && told < FAILURES_MAX; j++, told++) {
            buffer_print(&report->failures, "%s\n", sheet->failures[j]);
        }
    }
}

/* Returns how many processes work; fewer than asked for is no error as long as there is one. */
static unsigned start_workers(const struct worker *model, uint64_t all)
{
    unsigned asked = model->plan->processes;
    unsigned wanted = asked < PROCESSES_MAX ? asked : PROCESSES_MAX;
    pid_t parent = getpid();
    unsigned count = 0;

    (void)fflush(NULL);
    while (count < wanted) {
        pid_t pid = fork();

        if (pid == 0) {
            struct worker worker = *model;

            worker.sheet = &worker.shared->sheets[count];
            work(&worker, all, parent);
            _exit(0);
        }
        if (pid < 0) {
            break;
        }
        count++;
    }
    return count;
}

/* False when a process did not end as it should. */
static bool wait_workers(unsigned count, struct shared *shared, uint64_t all,
                         void (*progress)(void *ctx, uint64_t done, uint64_t all, uint64_t failed), void *ctx)
{
    const struct timespec pause = {0, 50000000};
    bool good = true;

    while (count > 0) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);

        if (pid > 0) {
            good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
            count--;
        } else {
            (void)nanosleep(&pause, NULL);
        }
        if (progress != NULL) {
            progress(ctx, atomic_load(&shared->done), all, atomic_load(&shared->failed));
        }
    }
    return good;
}

int campaign_run(struct campaign *campaign, const struct campaign_plan *plan, struct campaign_report *report,
                 void (*progress)(void *ctx, uint64_t done, uint64_t all, uint64_t failed), void *ctx,
                 struct failure *failure)
{
    const struct flash_log *log = &campaign->log;
    struct shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); /* zeroed */
    size_t *bounds;
    uint64_t all;
    unsigned count;
    bool good;

    *report = (struct campaign_report){0};
    if (shared == MAP_FAILED) {
        return failure_set(failure, ERR_HOST_FILE, "no memory to share between processes");
    }
    bounds = host_alloc((log->count + 1) * sizeof(*bounds));
    all = log->count == 0    ? 0
          : plan->every != 0 ? divide_evenly(log, plan->every, bounds)
                             : divide_by_weight(log, plan->first, bounds);
    all *= cases_per_stretch(plan);
    count =
        start_workers(&(struct worker){.campaign = campaign, .plan = plan, .shared = shared, .bounds = bounds}, all);
    good = wait_workers(count, shared, all, progress, ctx);
    collect(shared, count, report);
    (void)munmap(shared, sizeof(*shared));
    free(bounds);
    if (count == 0) {
        return failure_set(failure, ERR_HOST_FILE, "cannot start a process");
    }
    return good ? OK : failure_set(failure, ERR_HOST_FILE, "a process that explored cuts broke down");
}

void campaign_report_free(struct campaign_report *report)
{
    buffer_free(&report->failures);
}

/* ---- one case, watched ---- */

static void tell(const struct vboard_host *host, const char *text)
{
    if (host->line != NULL) {
        host->line(host->ctx, VBOARD_NARRATION, text);
    }
}

static void tell_cut(const struct vboard_host *host, const struct flash_log_entry *entry, uint64_t operation, bool torn)
{
    char text[CAMPAIGN_TEXT];

    (void)snprintf(text, sizeof(text), "power is lost %s operation %" PRIu64 ": %s at 0x%08x, %u bytes",
                   torn ? "inside" : "before", operation, cut_kind_names[entry->kind], (unsigned)entry->off,
                   (unsigned)entry->len);
    tell(host, text);
}

/* `flash` and `log` go from one boot to the cut in it, and on to the next boot, which is logged when it is cut too. */
static int replay_cuts(struct campaign *campaign, const struct campaign_case *which, const struct vboard_host *host,
                       struct flash_state *flash, struct flash_log *log, struct failure *failure)
{
    for (size_t i = 0; i < which->cuts; i++) {
        struct flash_walk walk = {.models = flash->models};
        uint64_t operation = which->chain[i].operation;
        struct flash_state played;
        struct campaign_boot boot;

        if (i > 0) {
            const struct campaign_play play = {.flash = &played, .log = log};

            flash_state_init(&played);
            flash_state_copy(&played, flash);
            flash_log_free(log);
            campaign_boot(campaign, &play, &boot);
            flash_state_free(&played);
        }
        if (operation > (i == 0 ? campaign->log.count : log->count)) {
            return failure_set(failure, ERR_HOST_INPUT, "there is no operation %" PRIu64 ": the %s has %zu", operation,
                               i == 0 ? "update" : "recovery", i == 0 ? campaign->log.count : log->count);
        }
        flash_walk_to(&walk, i == 0 ? &campaign->log : log, operation - 1);
        tell_cut(host, &(i == 0 ? &campaign->log : log)->entries[operation - 1], operation, which->chain[i].torn);
        flash_walk_cut(&walk, i == 0 ? &campaign->log : log, flash, which->chain[i].torn,
                       campaign_damage(which->seed, i + 1, operation));
    }
    return OK;
}

int campaign_replay(struct campaign *campaign, const struct campaign_case *which, const struct vboard_host *host,
                    char verdict[CAMPAIGN_TEXT], struct failure *failure)
{
    const struct vboard_host *show = host;
    struct flash_state flash;
    struct flash_log log;
    struct campaign_boot boot;
    bool torn = false;
    int err;

    flash_state_init(&flash);
    flash_state_copy(&flash, &campaign->start);
    flash_log_init(&log);
    err = replay_cuts(campaign, which, host, &flash, &log, failure);
    if (err == OK) {
        const struct campaign_play play = {.flash = &flash, .show = show};

        for (size_t i = 0; i < which->cuts; i++) {
            torn = torn || which->chain[i].torn;
        }
        campaign_boot(campaign, &play, &boot);
        campaign_judge(campaign, &flash, torn, show, &boot);
        memcpy(verdict, boot.trouble, sizeof(boot.trouble));
    }
    flash_log_free(&log);
    flash_state_free(&flash);
    return err;
}
