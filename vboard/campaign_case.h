/* A campaign from the inside: one boot, its verdict, and the case of cuts around it. */
#ifndef VBOARD_CAMPAIGN_CASE_H
#define VBOARD_CAMPAIGN_CASE_H

#include "vboard/campaign.h"

struct campaign_known {
    struct buffer bytes;
    uint32_t load_addr;
    uint32_t load_len;
};

/* What the boots after one that left this flash led to: the same flash, the same answer. */
struct campaign_memo {
    uint64_t hash;
    enum campaign_image image;
    char trouble[CAMPAIGN_TEXT];
};

struct campaign {
    struct campaign_config config;
    struct flash_state start;
    struct flash_state result;                   /* of the first boot without a cut */
    struct flash_log log;                        /* of that boot */
    struct campaign_known known[CAMPAIGN_OTHER]; /* by enum campaign_image */
    struct vboard_range *code;                   /* owned; where applications are executed */
    size_t code_count;
    struct buffer console;
    struct campaign_baseline baseline;
    struct campaign_memo *memos; /* owned */
    size_t memo_count;
};

/* A boot to be played: what it works on, what it leaves behind. Any of the last three may be NULL. */
struct campaign_play {
    struct flash_state *flash;
    struct flash_log *log;
    struct buffer *console;
    const struct vboard_host *show;
};
void campaign_boot(struct campaign *campaign, const struct campaign_play *play, struct campaign_boot *boot);

/*
 * Whether what runs after `boot` may run, and boots `flash` on until nothing changes any more. `torn`: an operation of
 * the case was. Leaves the reason in boot->trouble, "" when all is well.
 */
void campaign_judge(struct campaign *campaign, struct flash_state *flash, bool torn, const struct vboard_host *show,
                    struct campaign_boot *boot);

/* The seed of the damage at operation `operation` (from 1) of the chain's `depth`th cut. */
uint32_t campaign_damage(uint32_t seed, size_t depth, uint64_t operation);

#endif
