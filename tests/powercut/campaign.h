/*
 * Campaigns: lists of jobs, each one scenario and how deep it is explored. plans.c multiplies modes, geometries, sizes
 * and stories; jobs.c divides a list among processes.
 */
#ifndef TESTS_POWERCUT_CAMPAIGN_H
#define TESTS_POWERCUT_CAMPAIGN_H

#include "tests/powercut/explore.h"

enum campaign_kind {
    CAMPAIGN_EXPLORE, /* as job->explore says */
    CAMPAIGN_CHAINS,  /* random chains of cuts instead, job->chains of them */
    CAMPAIGN_REFUSE   /* slots that the mode cannot work with, and must say so */
};

struct campaign_job {
    const char *plan; /* what it is a part of */
    enum campaign_kind kind;
    struct scenario scenario;
    struct explore_options explore;
    uint32_t chains;
    bool steady; /* as of the campaign */
};

struct campaign_list {
    struct campaign_job *jobs;
    size_t count;
    size_t capacity;
};

/* What came of jobs. All are numbers of 64 bits; a table in campaign.c names those that are told. */
struct campaign_counts {
    uint64_t scenarios;
    uint64_t refused; /* slots that a mode does not work with, and said so */
    uint64_t chains;
    uint64_t failures;
    uint64_t cpu_us; /* processor time */
    struct explore_counts explore;
};

/* What every job of a campaign shares. */
struct campaign {
    uint64_t seed;
    bool steady;           /* no unstable bits */
    bool stop_at_failure;  /* and report no more than one */
    const char *only_mode; /* NULL: all */
};

/* What is played, for campaign_list_free: a selection of a few minutes, or everything. */
void campaign_list_budget(const struct campaign *campaign, struct campaign_list *list);
void campaign_list_everything(const struct campaign *campaign, struct campaign_list *list);
void campaign_list_add(struct campaign_list *list, const struct campaign_job *job);
void campaign_list_free(struct campaign_list *list);

/* Plays one job, prints its failures, adds to `counts`. */
void campaign_play(const struct campaign *campaign, const struct campaign_job *job, struct campaign_counts *counts);

/* "pairs backup/4K-4-1/40960-40960/test seed 1": names a job of a campaign. */
void campaign_job_name(const struct campaign_job *job, struct buffer *out);

void campaign_counts_add(struct campaign_counts *counts, const struct campaign_counts *more);

/* One line, "scenarios=1 refused=0 ...", and back. */
void campaign_counts_print(const struct campaign_counts *counts, struct buffer *out);
bool campaign_counts_parse(const char *text, struct campaign_counts *counts);

#endif
