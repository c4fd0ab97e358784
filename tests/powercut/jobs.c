#include "tests/powercut/jobs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/sha256.h"
#include "host/file.h"

#define PROCESSES_MAX 64U

/* Seen by all processes. */
struct shared {
    _Atomic size_t next; /* job that nobody has taken */
    _Atomic size_t told; /* jobs that are done */
    _Atomic bool stop;
    struct campaign_counts sums[PROCESSES_MAX];
};

struct jobs {
    const struct campaign *campaign;
    const struct campaign_list *list;
    const struct jobs_options *options;
    struct shared *shared;
    bool *is_done; /* by job: in the ledger already */
    size_t left;   /* jobs to be played */
    int ledger;    /* file, or -1 */
};

static bool is_mine(const struct jobs *jobs, size_t at)
{
    return at % jobs->options->parts == jobs->options->part && !jobs->is_done[at];
}

/* One line at once: other processes write as well. */
static void tell(const struct jobs *jobs, const struct campaign_job *job, const struct campaign_counts *counts)
{
    struct buffer line = {0};
    size_t told = atomic_fetch_add(&jobs->shared->told, 1) + 1;

    campaign_job_name(job, &line);
    buffer_print(&line, ": ");
    campaign_counts_print(counts, &line);
    buffer_print(&line, "\n");
    if (jobs->options->tells) {
        (void)printf("%zu of %zu, %s", told, jobs->left, buffer_text(&line));
        (void)fflush(stdout);
    }
    if (jobs->ledger >= 0 && counts->failures == 0 && write(jobs->ledger, line.data, line.len) != (ssize_t)line.len) {
        (void)fprintf(stderr, "powercut: the ledger cannot be written: a job will be played again\n");
    }
    buffer_free(&line);
}

static void work(const struct jobs *jobs, struct campaign_counts *sum)
{
    size_t at;

    while ((at = atomic_fetch_add(&jobs->shared->next, 1)) < jobs->list->count && !atomic_load(&jobs->shared->stop)) {
        struct campaign_counts counts = {0};

        if (is_mine(jobs, at)) {
            campaign_play(jobs->campaign, &jobs->list->jobs[at], &counts);
            campaign_counts_add(sum, &counts);
            tell(jobs, &jobs->list->jobs[at], &counts);
        }
        if (jobs->campaign->stop_at_failure && counts.failures > 0) {
            atomic_store(&jobs->shared->stop, true);
        }
    }
}

/* In processes of their own; false when one did not end as it should. */
static bool work_together(const struct jobs *jobs, unsigned processes)
{
    bool good = true;
    int status;

    (void)fflush(NULL);
    for (unsigned i = 0; i < processes; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            work(jobs, &jobs->shared->sums[i]);
            (void)fflush(NULL);
            _exit(0);
        }
        good = good && pid > 0;
    }
    while (wait(&status) > 0) {
        good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    return good;
}

/* The first line of a ledger: what is in it holds for this program only. */
static int name_program(struct buffer *out, struct failure *failure)
{
    struct buffer program = {0};
    struct sha256 sha;
    uint8_t digest[SHA256_SIZE];
    int err = file_read("/proc/self/exe", &program, failure);

    sha256_init(&sha);
    sha256_update(&sha, program.data, program.len);
    sha256_final(&sha, digest);
    buffer_free(&program);
    for (size_t i = 0; i < sizeof digest; i++) {
        buffer_print(out, "%02x", digest[i]);
    }
    buffer_print(out, "\n");
    return err;
}

static void take_line(struct jobs *jobs, const char *line, struct campaign_counts *counts)
{
    const char *numbers = strstr(line, ": ");
    struct campaign_counts found;
    struct buffer name = {0};

    for (size_t i = 0; numbers != NULL && i < jobs->list->count; i++) {
        name.len = 0;
        campaign_job_name(&jobs->list->jobs[i], &name);
        if (!jobs->is_done[i] && name.len == (size_t)(numbers - line) && memcmp(name.data, line, name.len) == 0 &&
            campaign_counts_parse(numbers + 2, &found)) {
            jobs->is_done[i] = true;
            campaign_counts_add(counts, &found);
            break;
        }
    }
    buffer_free(&name);
}

static int read_ledger(struct jobs *jobs, const char *path, struct campaign_counts *counts, struct failure *failure)
{
    struct buffer text = {0};
    struct buffer program = {0};
    int err = name_program(&program, failure);
    char *line;
    char *rest = NULL;

    err = err == OK ? file_read(path, &text, failure) : err;
    if (err == OK && text.len == 0) {
        if (write(jobs->ledger, program.data, program.len) != (ssize_t)program.len) {
            err = failure_set(failure, ERR_HOST_FILE, "%s cannot be written", path);
        }
    } else if (err == OK && (text.len < program.len || memcmp(text.data, program.data, program.len) != 0)) {
        err = failure_set(failure, ERR_HOST_FILE, "%s is the ledger of another build: remove it", path);
    }
    line = err == OK && text.len > 0 ? strtok_r((char *)text.data, "\n", &rest) : NULL;
    while (line != NULL) {
        take_line(jobs, line, counts);
        line = strtok_r(NULL, "\n", &rest);
    }
    buffer_free(&program);
    buffer_free(&text);
    return err;
}

static int open_ledger(struct jobs *jobs, struct campaign_counts *counts, struct failure *failure)
{
    const char *path = jobs->options->ledger;

    jobs->ledger = -1;
    if (path == NULL) {
        return OK;
    }
    jobs->ledger = open(path, O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (jobs->ledger < 0) {
        return failure_set(failure, ERR_HOST_FILE, "%s cannot be opened", path);
    }
    return read_ledger(jobs, path, counts, failure);
}

static int play(struct jobs *jobs, struct campaign_counts *counts, struct failure *failure)
{
    unsigned processes = jobs->options->processes < PROCESSES_MAX ? jobs->options->processes : PROCESSES_MAX;
    int err = open_ledger(jobs, counts, failure);

    for (size_t i = 0; i < jobs->list->count; i++) {
        jobs->left += is_mine(jobs, i) ? 1 : 0;
    }
    if (err == OK && processes == 1) {
        work(jobs, &jobs->shared->sums[0]);
    } else if (err == OK && !work_together(jobs, processes)) {
        err = failure_set(failure, ERR_HOST_INPUT, "a process died");
    }
    for (size_t i = 0; i < PROCESSES_MAX; i++) {
        campaign_counts_add(counts, &jobs->shared->sums[i]);
    }
    return err;
}

int jobs_play(const struct campaign *campaign, const struct campaign_list *list, const struct jobs_options *options,
              struct campaign_counts *counts, struct failure *failure)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct jobs jobs = {.campaign = campaign, .list = list, .options = options, .shared = shared};
    int err;

    if (shared == MAP_FAILED) {
        return failure_set(failure, ERR_HOST_FILE, "no memory for the sums of all processes");
    }
    jobs.is_done = host_alloc(list->count * sizeof *jobs.is_done + 1);
    err = play(&jobs, counts, failure);
    if (jobs.ledger >= 0) {
        (void)close(jobs.ledger);
    }
    free(jobs.is_done);
    (void)munmap(shared, sizeof *shared);
    return err;
}
