/*
 * The jobs of a campaign, divided among processes: each takes the next that nobody has taken. With a ledger, a file
 * with a line for each job that is done, a campaign that was interrupted goes on where it ended.
 */
#ifndef TESTS_POWERCUT_JOBS_H
#define TESTS_POWERCUT_JOBS_H

#include "host/failure.h"
#include "tests/powercut/campaign.h"

struct jobs_options {
    unsigned processes;
    bool tells;         /* a line for each job */
    const char *ledger; /* path; NULL: none */
    uint32_t part;      /* of `parts`: every parts-th job is played */
    uint32_t parts;
};

/*
 * Plays the jobs and adds up what came of them, in the ledger's earlier lines as well. Returns OK, or with a
 * line in `failure` ERR_HOST_FILE: the ledger cannot be used or is another program's; ERR_HOST_INPUT: a process died.
 */
int jobs_play(const struct campaign *campaign, const struct campaign_list *list, const struct jobs_options *options,
              struct campaign_counts *counts, struct failure *failure) ERROR_MUST_CHECK;

#endif
