/* One boot of a campaign and its verdict. */
#include "vboard/campaign.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vboard/campaign_case.h"
#include "vboard/cut.h"
#include "vboard/nrf/nvmc.h"

#define RESETS_MAX  3U /* a bootloader that needs more to recover from one cut goes round in circles */
#define PATIENCE    3U /* a recovery may take so many times what the update takes, and: */
#define PATIENCE_NS UINT64_C(5000000000)

/* ---- creation ---- */

int campaign_create(const struct campaign_config *config, struct campaign **out, struct failure *failure)
{
    bool found = false;

    for (const char *const *name = vboard_names(); *name != NULL; name++) {
        found = found || strcmp(*name, config->board) == 0;
    }
    if (!found) {
        return failure_set(failure, ERR_HOST_INPUT, "no virtual board is called %s (farboot board list tells them)",
                           config->board);
    }
    *out = host_alloc(sizeof(**out));
    (*out)->config = *config;
    flash_state_init(&(*out)->start);
    flash_state_init(&(*out)->result);
    flash_log_init(&(*out)->log);
    return OK;
}

void campaign_free(struct campaign *campaign)
{
    if (campaign == NULL) {
        return;
    }
    flash_state_free(&campaign->start);
    flash_state_free(&campaign->result);
    flash_log_free(&campaign->log);
    for (size_t i = 0; i < CAMPAIGN_OTHER; i++) {
        buffer_free(&campaign->known[i].bytes);
    }
    buffer_free(&campaign->console);
    free(campaign->code);
    free(campaign->memos);
    free(campaign);
}

struct flash_state *campaign_start(struct campaign *campaign)
{
    return &campaign->start;
}

const struct flash_state *campaign_result(const struct campaign *campaign)
{
    return &campaign->result;
}

void campaign_set_image(struct campaign *campaign, enum campaign_image which, const uint8_t *image, size_t len,
                        uint32_t load_addr, uint32_t load_len)
{
    struct campaign_known *known = &campaign->known[which];

    known->bytes.len = 0;
    buffer_append(&known->bytes, image, len);
    known->load_addr = load_addr;
    known->load_len = load_len;
}

/* ---- a boot ---- */

struct session {
    struct campaign *campaign;
    const struct campaign_play *play;
    struct vboard *board;
    struct campaign_boot *boot;
    struct buffer console;
};

static void complain(struct campaign_boot *boot, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first complaint stands. */
static void complain(struct campaign_boot *boot, const char *format, ...)
{
    va_list args;

    if (boot->trouble[0] == 0) {
        va_start(args, format);
        (void)vsnprintf(boot->trouble, sizeof(boot->trouble), format, args);
        va_end(args);
    }
}

static bool ends_with(const struct buffer *console, const char *text)
{
    size_t len = strlen(text);

    return len != 0 && console->len >= len && memcmp(console->data + console->len - len, text, len) == 0;
}

static void on_output(void *ctx, uint8_t byte)
{
    struct session *session = ctx;
    const struct campaign_config *config = &session->campaign->config;
    const struct vboard_host *show = session->play->show;

    buffer_append(&session->console, &byte, 1);
    if (show != NULL && show->output != NULL) {
        show->output(show->ctx, byte);
    }
    for (size_t i = 0; i < config->until_count; i++) {
        if (ends_with(&session->console, config->untils[i])) {
            vboard_stop(session->board);
        }
    }
}

static void on_line(void *ctx, enum vboard_channel channel, const char *text)
{
    struct session *session = ctx;
    const struct vboard_host *show = session->play->show;

    if (channel == VBOARD_FIRMWARE_BUG) {
        complain(session->boot, "%s", text);
    }
    if (show != NULL && show->line != NULL) {
        show->line(show->ctx, channel, text);
    }
}

/* An application that runs on to its text may write where it likes; a bootloader may not. */
static bool may_change(const struct session *session, enum flash_device_id device, uint32_t off, uint32_t len)
{
    const struct campaign *campaign = session->campaign;

    for (size_t i = 0; i < campaign->config.area_count; i++) {
        const struct campaign_area *area = &campaign->config.areas[i];

        if (area->device == device && off >= area->off && off - area->off < area->size &&
            len <= area->size - (off - area->off)) {
            return true;
        }
    }
    return vboard_ranges_contain(campaign->code, campaign->code_count, vboard_pc(session->board));
}

static void on_operation(void *ctx, enum stats_operation kind, uint32_t addr, uint32_t len)
{
    struct session *session = ctx;
    enum flash_device_id device = flash_log_device(kind, addr);

    session->boot->operations++;
    if (!may_change(session, device, addr, len)) {
        complain(session->boot, "%s at 0x%08x, %u bytes, is outside of what the bootloader may change",
                 cut_kind_names[kind], (unsigned)addr, (unsigned)len);
    }
    session->play->flash->registers = vboard_ext_registers(session->board);
    if (session->play->log != NULL) {
        flash_log_add(session->play->log, session->play->flash, vboard_external_is_busy(session->board), kind, addr,
                      len);
    }
}

static bool is_in_slot(const struct campaign *campaign, const struct flash_state *flash, size_t slot,
                       const struct campaign_known *known)
{
    const struct campaign_area *area = &campaign->config.areas[slot];
    const struct nor_model *model = &flash->models[area->device];

    return known->bytes.len != 0 && known->bytes.len <= area->size &&
           memcmp(model->data + area->off, known->bytes.data, known->bytes.len) == 0;
}

static bool is_in_ram(const struct vboard *board, const struct campaign_known *known)
{
    const uint8_t *ram = known->load_len != 0 ? vboard_memory(board, known->load_addr, known->load_len) : NULL;

    return ram != NULL && vboard_pc(board) - known->load_addr < known->load_len &&
           memcmp(ram, known->bytes.data, known->load_len) == 0;
}

static size_t slot_of(const struct campaign *campaign, uint32_t pc)
{
    for (size_t i = 0; i < campaign->config.area_count; i++) {
        const struct campaign_area *area = &campaign->config.areas[i];

        if (area->is_slot && area->device == FLASH_INTERNAL && pc - area->off < area->size) {
            return i;
        }
    }
    return 0;
}

/* Of a companion it is not known by where the processor is, but by what its primary slot holds. */
static enum campaign_image identify(const struct session *session)
{
    const struct campaign *campaign = session->campaign;
    bool is_started = !campaign->config.is_companion;

    for (enum campaign_image which = CAMPAIGN_OLD; is_started && which < CAMPAIGN_OTHER; which++) {
        if (is_in_ram(session->board, &campaign->known[which])) {
            return which;
        }
    }
    session->boot->slot = is_started ? slot_of(campaign, vboard_pc(session->board)) : 0;
    for (enum campaign_image which = CAMPAIGN_OLD; which < CAMPAIGN_OTHER; which++) {
        if (is_in_slot(campaign, session->play->flash, session->boot->slot, &campaign->known[which])) {
            return which;
        }
    }
    return CAMPAIGN_OTHER;
}

/* The image that is started beside a companion, and what its slot holds behind it. */
static bool is_start_kept(const struct session *session)
{
    const struct campaign *campaign = session->campaign;
    const struct campaign_area *area = &campaign->config.areas[slot_of(campaign, vboard_pc(session->board))];
    const uint8_t *before = campaign->start.models[area->device].data;

    return memcmp(session->play->flash->models[area->device].data + area->off, before + area->off, area->size) == 0;
}

static void conclude(struct session *session, enum vboard_end end)
{
    static const char *const ends[] = {
        [VBOARD_TIMEOUT] = "the board's time is up", [VBOARD_BUG] = "a firmware bug",
        [VBOARD_IDLE] = "asleep for ever",           [VBOARD_OFF] = "the board switched itself off",
        [VBOARD_BROKEN] = "the emulation failed",    [VBOARD_CIRCLING] = "reset again and again",
    };
    const struct campaign *campaign = session->campaign;
    struct campaign_boot *boot = session->boot;

    boot->ns = vboard_now_ns(session->board);
    boot->resets = vboard_stats(session->board)->boot_count - 1;
    if (end == VBOARD_ENTERED || end == VBOARD_STOPPED) {
        boot->image = identify(session);
        if (campaign->config.is_companion && !is_start_kept(session)) {
            complain(boot, "the slot that is started, of another image pair, has changed");
        }
    } else {
        complain(boot, "no application starts: %s after %.3f s", ends[end], (double)boot->ns / 1e9);
    }
}

static uint64_t patience(const struct campaign *campaign)
{
    uint64_t normal = campaign->baseline.first.ns;

    return normal == 0 ? campaign->config.timeout_ns : PATIENCE * normal + PATIENCE_NS;
}

void campaign_boot(struct campaign *campaign, const struct campaign_play *play, struct campaign_boot *boot)
{
    struct session session = {.campaign = campaign, .play = play, .boot = boot};
    struct nor_model *models = play->flash->models;
    struct vboard_config config = {
        .board = campaign->config.board,
        .internal = models[FLASH_INTERNAL].data,
        .external = models[FLASH_EXTERNAL].data,
        .uicr = models[FLASH_UICR].data,
        .ext_registers = play->flash->registers,
        .seed = campaign->config.seed,
        .resets_max = RESETS_MAX,
        .stop_in = campaign->code,
        .stop_in_count = campaign->config.until_count == 0 ? campaign->code_count : 0,
        .word_programs = models[FLASH_INTERNAL].programs,
        .host = {&session, on_output, on_line, false, NULL, on_operation},
    };
    struct failure failure;

    *boot = (struct campaign_boot){0};
    if (vboard_create(&config, &session.board, &failure) != OK) {
        abort(); /* campaign_create has asked for this board */
    }
    conclude(&session, vboard_run(session.board, NULL, patience(campaign)));
    vboard_settle(session.board);
    memcpy(models[FLASH_INTERNAL].programs, vboard_word_programs(session.board), VBOARD_INTERNAL_SIZE / 4);
    play->flash->registers = vboard_ext_registers(session.board);
    if (play->log != NULL) {
        flash_log_end(play->log, play->flash);
    }
    vboard_free(session.board);
    if (play->console != NULL) {
        buffer_free(play->console);
        *play->console = session.console;
    } else {
        buffer_free(&session.console);
    }
}

/* ---- the verdict ---- */

static const char *image_name(enum campaign_image image)
{
    static const char *const names[] = {"nothing", "the old image", "the new image", "neither of the two images"};

    return names[image];
}

/* Boots until two in a row run the same without touching flash; the last but one must be what `first` leads to. */
static void follow(struct campaign *campaign, struct flash_state *flash, enum campaign_image first,
                   const struct vboard_host *show, char trouble[CAMPAIGN_TEXT])
{
    const struct campaign_play play = {.flash = flash, .show = show};
    enum campaign_image expected = campaign->baseline.reverts ? CAMPAIGN_OLD : first;
    struct campaign_boot boot;

    for (unsigned i = 2; i <= 3 && trouble[0] == 0; i++) {
        campaign_boot(campaign, &play, &boot);
        if (boot.trouble[0] == 0 && boot.image != expected) {
            complain(&boot, "%s runs where %s was to", image_name(boot.image), image_name(expected));
        }
        if (boot.trouble[0] == 0 && i == 3 && boot.operations != 0) {
            complain(&boot, "with nothing left to do, %" PRIu64 " flash operations", boot.operations);
        }
        if (boot.trouble[0] != 0) {
            (void)snprintf(trouble, CAMPAIGN_TEXT, "boot %u after the cut, unconfirmed: %.190s", i, boot.trouble);
        }
    }
}

static const struct campaign_memo *remember(struct campaign *campaign, struct flash_state *flash,
                                            enum campaign_image image)
{
    uint64_t hash = flash_state_hash(flash);
    struct campaign_memo *memo;

    for (size_t i = 0; i < campaign->memo_count; i++) {
        if (campaign->memos[i].hash == hash && campaign->memos[i].image == image) {
            return &campaign->memos[i];
        }
    }
    campaign->memos = host_realloc(campaign->memos, (campaign->memo_count + 1) * sizeof(*campaign->memos));
    memo = &campaign->memos[campaign->memo_count++];
    *memo = (struct campaign_memo){.hash = hash, .image = image};
    follow(campaign, flash, image, NULL, memo->trouble);
    return memo;
}

void campaign_judge(struct campaign *campaign, struct flash_state *flash, bool torn, const struct vboard_host *show,
                    struct campaign_boot *boot)
{
    if (boot->trouble[0] != 0) {
        return;
    }
    if (boot->image == CAMPAIGN_OTHER) {
        complain(boot, "what runs is neither the old nor the new image");
    } else if (boot->image == CAMPAIGN_OLD && !(torn && campaign->baseline.reverts)) {
        complain(boot, "the update is lost: the old image runs");
    } else if (show != NULL) {
        follow(campaign, flash, boot->image, show, boot->trouble);
    } else {
        complain(boot, "%s", remember(campaign, flash, boot->image)->trouble);
    }
}

uint32_t campaign_damage(uint32_t seed, size_t depth, uint64_t operation)
{
    return seed * 0x9e3779b1U + (uint32_t)depth * 0x85ebca6bU + (uint32_t)operation;
}

/* ---- without a cut ---- */

static void add_code(struct campaign *campaign, uint32_t start, uint32_t len)
{
    campaign->code = host_realloc(campaign->code, (campaign->code_count + 1) * sizeof(*campaign->code));
    campaign->code[campaign->code_count++] = (struct vboard_range){start, start + len};
}

static void find_code(struct campaign *campaign)
{
    campaign->code_count = 0;
    for (size_t i = 0; i < campaign->config.area_count; i++) {
        const struct campaign_area *area = &campaign->config.areas[i];

        if (area->is_slot && area->device == FLASH_INTERNAL) {
            add_code(campaign, area->off, area->size);
        }
    }
    for (size_t i = 0; i < CAMPAIGN_OTHER; i++) {
        if (campaign->known[i].load_len != 0) {
            add_code(campaign, campaign->known[i].load_addr, campaign->known[i].load_len);
        }
    }
}

static uint64_t processor_ns(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

void campaign_baseline(struct campaign *campaign, struct campaign_baseline *out)
{
    struct campaign_play play = {&campaign->result, &campaign->log, &campaign->console, NULL};
    struct campaign_boot second;
    struct flash_state after;
    uint64_t began;

    find_code(campaign);
    campaign->memo_count = 0;
    campaign->baseline = (struct campaign_baseline){0};
    flash_log_free(&campaign->log);
    flash_state_guess_programs(&campaign->start);
    flash_state_copy(&campaign->result, &campaign->start);
    began = processor_ns();
    campaign_boot(campaign, &play, &campaign->baseline.first);
    campaign->baseline.cpu_ns = processor_ns() - began;
    campaign->baseline.console = buffer_text(&campaign->console);
    for (size_t i = 0; i < campaign->log.count; i++) {
        campaign->baseline.count[campaign->log.entries[i].kind]++;
    }
    if (campaign->baseline.first.image == CAMPAIGN_NEW) {
        flash_state_init(&after);
        flash_state_copy(&after, &campaign->result);
        play = (struct campaign_play){.flash = &after};
        campaign_boot(campaign, &play, &second);
        campaign->baseline.reverts = second.image == CAMPAIGN_OLD;
        flash_state_free(&after);
    }
    *out = campaign->baseline;
}
