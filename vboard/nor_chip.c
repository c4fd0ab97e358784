#include "vboard/nor_chip.h"

#include <string.h>

#define FLOATING      0xffU
#define STATUS_WIP    0x01U
#define STATUS_WEL    0x02U
#define STATUS_BP     0x3cU
#define STATUS_QE     0x40U
#define STATUS_KEPT   0xfcU /* the bits that a status write sets */
#define CONFIG1_TB    0x08U
#define CONFIG2_LH    0x02U
#define SECURITY_PSB  0x04U
#define SECURITY_ESB  0x08U
#define SECURITY_PF   0x20U
#define SECURITY_EF   0x40U
#define BLOCK         0x10000U
#define BUSY_AT_START 0x10000U /* bytes: the block that a chip of --ext-flash busy is erasing */

/* What a command is made of, and what the chip demands before it obeys. */
enum {
    WHILE_BUSY = 1,   /* answered while an operation runs */
    WHILE_ASLEEP = 2, /* answered in deep power-down */
    NEEDS_WEL = 4,
    NEEDS_QE = 8,
    IMPORTANT = 16,  /* ignoring it is never what the firmware wants */
    FIXED_ADDR = 32, /* three address bytes also in 4-byte mode */
};

struct nor_chip_command {
    uint8_t opcode;
    uint8_t has_addr;
    uint8_t dummies;    /* bytes between address and data, at the address's width */
    uint8_t addr_lines; /* of address and dummies; */
    uint8_t data_lines;
    uint8_t flags;
    uint8_t (*give)(struct nor_chip *chip); /* the next byte to the controller */
    void (*take)(struct nor_chip *chip, uint8_t byte);
    void (*end)(struct nor_chip *chip); /* chip select goes high */
};

bool nor_chip_is_busy(const struct nor_chip *chip)
{
    return chip->job != NOR_CHIP_IDLE && !chip->suspended;
}

static uint64_t now(const struct nor_chip *chip)
{
    return chip->machine->clock.now;
}

static struct stats_device *stats(const struct nor_chip *chip)
{
    return &stats_now(chip->machine->stats)->external;
}

/* ---- operations ---- */

static void start_job(struct nor_chip *chip, enum nor_chip_job job, uint64_t ns)
{
    uint64_t ticks = sim_ticks_from_ns(ns);

    chip->job = job;
    chip->suspended = false;
    sim_timer_set(&chip->machine->clock, &chip->done, now(chip) + ticks);
    if (job == NOR_CHIP_ERASE || job == NOR_CHIP_PROGRAM) {
        stats(chip)->busy += ticks;
        stats_flash_busy(chip->machine->stats, now(chip), now(chip) + ticks);
    }
}

/* NOR programs what bits it can; a byte of all ones asks for nothing. */
static void and_with_contents(struct nor_chip *chip)
{
    const uint8_t *old = chip->array->data + chip->job_off;
    bool rising = false;

    for (uint32_t i = 0; i < chip->job_len; i++) {
        rising = rising || (chip->job_data[i] != 0xff && (chip->job_data[i] & ~old[i]) != 0);
        chip->job_data[i] &= old[i];
    }
    if (rising) {
        machine_bug(chip->machine, "%s: page program at 0x%06x over bytes that are not erased: bits cannot be set",
                    chip->part->name, (unsigned)chip->job_off);
    }
}

static void apply_job(struct nor_chip *chip, bool torn, uint32_t seed)
{
    int err = OK;

    if (chip->job == NOR_CHIP_ERASE) {
        err = torn ? nor_model_erase_torn(chip->array, chip->job_off, chip->job_len, seed)
                   : nor_model_erase(chip->array, chip->job_off, chip->job_len);
    } else if (chip->job == NOR_CHIP_PROGRAM && chip->job_len > 0) {
        err = torn ? nor_model_program_torn(chip->array, chip->job_off, chip->job_data, chip->job_len, seed)
                   : nor_model_program(chip->array, chip->job_off, chip->job_data, chip->job_len);
    }
    if (err != OK) {
        machine_bug(chip->machine, "%s", chip->array->violation);
    }
}

static void job_done(void *ctx)
{
    struct nor_chip *chip = ctx;

    apply_job(chip, false, 0);
    chip->job = NOR_CHIP_IDLE;
    chip->write_enabled = false;
    chip->security &= (uint8_t) ~(SECURITY_PSB | SECURITY_ESB);
}

static void abort_job(struct nor_chip *chip)
{
    if (chip->job != NOR_CHIP_IDLE) {
        apply_job(chip, true, (uint32_t)random_next(&chip->machine->random));
    }
    chip->job = NOR_CHIP_IDLE;
    chip->suspended = false;
    sim_timer_stop(&chip->machine->clock, &chip->done);
}

static bool is_protected(const struct nor_chip *chip, uint32_t off, uint32_t len)
{
    uint32_t size = chip->array->config->geometry.size;
    uint32_t level = (chip->status & STATUS_BP) >> 2;
    uint64_t bytes = level == 0 ? 0 : (uint64_t)BLOCK << (level - 1);

    bytes = bytes < size ? bytes : size;
    return (chip->config[0] & CONFIG1_TB) != 0 ? off < bytes : off + len > size - bytes;
}

static bool refused(struct nor_chip *chip, uint32_t off, uint32_t len, uint8_t failure)
{
    chip->security &= (uint8_t)~failure;
    if (!is_protected(chip, off, len)) {
        return false;
    }
    machine_note(chip->machine, "%s: 0x%06x is block-protected; erase or program ignored", chip->part->name,
                 (unsigned)off);
    chip->security |= failure;
    chip->write_enabled = false;
    return true;
}

static void begin(struct nor_chip *chip, enum nor_chip_job job, enum stats_operation kind, uint64_t ns)
{
    uint32_t seed;
    enum flash_fate fate = machine_flash_operation(chip->machine, kind, chip->job_off, chip->job_len, &seed);

    if (fate == FLASH_DONE) {
        start_job(chip, job, ns);
    } else if (fate == FLASH_TORN) {
        chip->job = job;
        apply_job(chip, true, seed);
        chip->job = NOR_CHIP_IDLE;
    }
}

static void begin_erase(struct nor_chip *chip, uint32_t off, uint32_t len, uint64_t ns)
{
    if (refused(chip, off, len, SECURITY_EF)) {
        return;
    }
    chip->job_off = off;
    chip->job_len = len;
    stats(chip)->erases++;
    stats(chip)->erased_bytes += len;
    begin(chip, NOR_CHIP_ERASE, OP_EXT_ERASE, ns);
}

/* ---- what commands do ---- */

static uint32_t array_at(const struct nor_chip *chip)
{
    return chip->addr % chip->array->config->geometry.size;
}

static uint8_t give_array(struct nor_chip *chip)
{
    uint8_t byte = chip->array->data[array_at(chip)];

    stats(chip)->read_bytes++;
    chip->addr++;
    return byte;
}

static uint8_t give_status(struct nor_chip *chip)
{
    return (uint8_t)(chip->status | (chip->write_enabled ? STATUS_WEL : 0) | (nor_chip_is_busy(chip) ? STATUS_WIP : 0));
}

static uint8_t give_config(struct nor_chip *chip)
{
    return chip->config[chip->data_len++ & 1];
}

static uint8_t give_security(struct nor_chip *chip)
{
    return chip->security;
}

static uint8_t give_id(struct nor_chip *chip)
{
    return chip->part->jedec_id[chip->data_len++ % 3];
}

static uint8_t give_rems(struct nor_chip *chip)
{
    return (chip->addr + chip->data_len++) % 2 == 0 ? chip->part->jedec_id[0] : chip->part->electronic_id;
}

static uint8_t give_electronic_id(struct nor_chip *chip)
{
    return chip->part->electronic_id;
}

static uint8_t give_sfdp(struct nor_chip *chip)
{
    uint32_t at = chip->addr++;

    return at < chip->part->sfdp_len ? chip->part->sfdp[at] : FLOATING;
}

static void take_status(struct nor_chip *chip, uint8_t byte)
{
    if (chip->data_len < 3) {
        chip->data[chip->data_len++] = byte;
    }
}

/* Beyond the end of the page the address wraps to its start. */
static void take_page(struct nor_chip *chip, uint8_t byte)
{
    if (chip->data_len == NOR_CHIP_PAGE - chip->addr % NOR_CHIP_PAGE) {
        machine_note(chip->machine, "%s: page program at 0x%06x runs over the end of the page and wraps to its start",
                     chip->part->name, (unsigned)chip->addr);
    }
    chip->data[(chip->addr + chip->data_len++) % NOR_CHIP_PAGE] = byte;
}

static void end_write_enable(struct nor_chip *chip)
{
    chip->write_enabled = true;
}

static void end_write_disable(struct nor_chip *chip)
{
    chip->write_enabled = false;
}

static void end_write_status(struct nor_chip *chip)
{
    if (chip->data_len == 0) {
        return;
    }
    chip->status = chip->data[0] & STATUS_KEPT;
    if (chip->data_len > 1) {
        chip->config[0] = (uint8_t)((chip->config[0] | chip->data[1]) & CONFIG1_TB); /* TB cannot be cleared */
    }
    if (chip->data_len > 2) {
        chip->config[1] = chip->data[2] & CONFIG2_LH;
    }
    chip->job_len = 0;
    start_job(chip, NOR_CHIP_WRITE_STATUS, chip->part->write_status_ns);
}

static void end_page_program(struct nor_chip *chip)
{
    uint32_t page = array_at(chip) & ~(NOR_CHIP_PAGE - 1);
    uint32_t first = array_at(chip) % NOR_CHIP_PAGE;
    bool wrapped = first + chip->data_len > NOR_CHIP_PAGE;
    uint32_t len = chip->data_len < NOR_CHIP_PAGE ? chip->data_len : NOR_CHIP_PAGE;

    if (len == 0 || refused(chip, page + first, 1, SECURITY_PF)) {
        return;
    }
    chip->job_off = wrapped ? page : page + first;
    chip->job_len = wrapped ? NOR_CHIP_PAGE : len;
    memcpy(chip->job_data, chip->data + (wrapped ? 0 : first), chip->job_len);
    and_with_contents(chip);
    stats(chip)->programs++;
    stats(chip)->programmed_bytes += len;
    begin(chip, NOR_CHIP_PROGRAM, OP_EXT_PROGRAM, nor_model_program_ns(chip->array->config, page, len));
}

static void end_erase_unit(struct nor_chip *chip)
{
    uint8_t opcode = chip->command->opcode;
    uint32_t size = opcode == 0x20 ? 0x1000 : opcode == 0x52 ? 0x8000 : BLOCK;

    if (chip->at < 4) {
        return; /* chip select rose before the address was complete */
    }
    begin_erase(chip, array_at(chip) & ~(size - 1), size, nor_model_erase_ns(chip->array->config, size));
}

static void end_erase_chip(struct nor_chip *chip)
{
    begin_erase(chip, 0, chip->array->config->geometry.size, chip->part->chip_erase_ns);
}

static void end_sleep(struct nor_chip *chip)
{
    if (chip->job == NOR_CHIP_IDLE) {
        chip->asleep = true;
        start_job(chip, NOR_CHIP_RECOVER, chip->part->enter_dpd_ns);
    }
}

static void end_wake(struct nor_chip *chip)
{
    if (chip->asleep) {
        chip->asleep = false;
        start_job(chip, NOR_CHIP_RECOVER, chip->part->exit_dpd_ns);
    }
}

static void end_reset_enable(struct nor_chip *chip)
{
    chip->reset_enabled = true;
}

static void forget_volatile(struct nor_chip *chip)
{
    chip->write_enabled = false;
    chip->asleep = false;
    chip->four_byte = false;
    chip->reset_enabled = false;
    chip->config[1] = 0;
    chip->security = 0;
    chip->command = NULL;
}

static void end_reset(struct nor_chip *chip)
{
    bool erasing = chip->job == NOR_CHIP_ERASE;

    if (!chip->reset_enabled) {
        return;
    }
    abort_job(chip);
    forget_volatile(chip);
    start_job(chip, NOR_CHIP_RECOVER, erasing ? chip->part->reset_erase_ns : chip->part->reset_ns);
}

static void end_suspend(struct nor_chip *chip)
{
    if (chip->suspended || (chip->job != NOR_CHIP_ERASE && chip->job != NOR_CHIP_PROGRAM)) {
        return;
    }
    chip->suspended = true;
    chip->job_left = chip->done.due - now(chip);
    chip->security |= chip->job == NOR_CHIP_ERASE ? SECURITY_ESB : SECURITY_PSB;
    sim_timer_stop(&chip->machine->clock, &chip->done);
}

static void end_resume(struct nor_chip *chip)
{
    if (chip->suspended) {
        chip->suspended = false;
        chip->security &= (uint8_t) ~(SECURITY_PSB | SECURITY_ESB);
        sim_timer_set(&chip->machine->clock, &chip->done, now(chip) + chip->job_left);
    }
}

static void end_4byte(struct nor_chip *chip)
{
    if (chip->part->has_4byte_mode) {
        chip->four_byte = chip->command->opcode == 0xb7;
    }
}

#define READ(op, dummies, al, dl, flags)                                                                               \
    {                                                                                                                  \
        op, 1, dummies, al, dl, (flags) | IMPORTANT, give_array, NULL, NULL                                            \
    }
#define CHANGE(op, addr, al, dl, flags, take, end)                                                                     \
    {                                                                                                                  \
        op, addr, 0, al, dl, (flags) | IMPORTANT | NEEDS_WEL, NULL, take, end                                          \
    }
#define SIMPLE(op, flags, end)                                                                                         \
    {                                                                                                                  \
        op, 0, 0, 1, 1, flags, NULL, NULL, end                                                                         \
    }
#define ANSWER(op, addr, dummies, flags, give)                                                                         \
    {                                                                                                                  \
        op, addr, dummies, 1, 1, flags, give, NULL, NULL                                                               \
    }

static const struct nor_chip_command commands[] = {
    READ(0x03, 0, 1, 1, 0),
    READ(0x0b, 1, 1, 1, 0),
    READ(0x3b, 1, 1, 2, 0),
    READ(0xbb, 1, 2, 2, 0),
    READ(0x6b, 1, 1, 4, NEEDS_QE),
    READ(0xeb, 3, 4, 4, NEEDS_QE),
    CHANGE(0x02, 1, 1, 1, 0, take_page, end_page_program),
    CHANGE(0x38, 1, 4, 4, NEEDS_QE, take_page, end_page_program),
    CHANGE(0x20, 1, 1, 1, 0, NULL, end_erase_unit),
    CHANGE(0x52, 1, 1, 1, 0, NULL, end_erase_unit),
    CHANGE(0xd8, 1, 1, 1, 0, NULL, end_erase_unit),
    CHANGE(0x60, 0, 1, 1, 0, NULL, end_erase_chip),
    CHANGE(0xc7, 0, 1, 1, 0, NULL, end_erase_chip),
    CHANGE(0x01, 0, 1, 1, 0, take_status, end_write_status),
    SIMPLE(0x06, IMPORTANT, end_write_enable),
    SIMPLE(0x04, 0, end_write_disable),
    SIMPLE(0xb9, 0, end_sleep),
    SIMPLE(0x66, WHILE_BUSY, end_reset_enable),
    SIMPLE(0x99, WHILE_BUSY, end_reset),
    SIMPLE(0x75, WHILE_BUSY, end_suspend),
    SIMPLE(0xb0, WHILE_BUSY, end_suspend),
    SIMPLE(0x7a, WHILE_BUSY, end_resume),
    SIMPLE(0x30, WHILE_BUSY, end_resume),
    SIMPLE(0xb7, 0, end_4byte),
    SIMPLE(0xe9, 0, end_4byte),
    SIMPLE(0x00, WHILE_BUSY, NULL),
    ANSWER(0x05, 0, 0, WHILE_BUSY, give_status),
    ANSWER(0x15, 0, 0, WHILE_BUSY, give_config),
    ANSWER(0x2b, 0, 0, WHILE_BUSY, give_security),
    ANSWER(0x9f, 0, 0, 0, give_id),
    ANSWER(0x90, 1, 0, FIXED_ADDR, give_rems),
    ANSWER(0x5a, 1, 1, FIXED_ADDR, give_sfdp),
    {0xab, 0, 3, 1, 1, WHILE_ASLEEP, give_electronic_id, NULL, end_wake},
};

/* Commands of other chips that change or read the array: a chip that does not know them loses data silently. */
static const uint8_t unknown_but_important[] = {0xa2, 0x32, 0x12, 0x34, 0x3e, 0x21, 0x5c,
                                                0xdc, 0x13, 0x0c, 0x3c, 0xbc, 0x6c, 0xec};

/* ---- frames ---- */

static const struct nor_chip_command *find_command(struct nor_chip *chip, uint8_t opcode)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].opcode == opcode) {
            return &commands[i];
        }
    }
    if (memchr(unknown_but_important, opcode, sizeof(unknown_but_important)) != NULL) {
        machine_bug(chip->machine, "%s has no command 0x%02x", chip->part->name, opcode);
    }
    return NULL;
}

/* Why the chip, as it is now, will not obey; NULL if it will. */
static const char *obstacle(const struct nor_chip *chip, const struct nor_chip_command *command)
{
    if (!chip->hold_high && (chip->status & STATUS_QE) == 0) {
        return "while HOLD# (IO3) is low";
    }
    if (chip->job == NOR_CHIP_RECOVER) {
        return "before it has recovered from reset or deep power-down";
    }
    if (chip->asleep && (command->flags & WHILE_ASLEEP) == 0) {
        return "in deep power-down";
    }
    if (nor_chip_is_busy(chip) && (command->flags & WHILE_BUSY) == 0) {
        return "while it is busy (WIP)";
    }
    if ((command->flags & NEEDS_WEL) != 0 && !chip->write_enabled) {
        return "without write enable (WEL)";
    }
    if ((command->flags & NEEDS_QE) != 0 && (chip->status & STATUS_QE) == 0) {
        return "without quad enable (QE)";
    }
    if (chip->suspended && (command->flags & NEEDS_WEL) != 0) {
        return "while an operation is suspended";
    }
    return NULL;
}

static void begin_command(struct nor_chip *chip, uint8_t opcode)
{
    const struct nor_chip_command *command = find_command(chip, opcode);
    const char *why = command != NULL ? obstacle(chip, command) : NULL;

    if (opcode != 0x99) {
        chip->reset_enabled = false;
    }
    stats(chip)->chip_commands++;
    if (why != NULL && (command->flags & IMPORTANT) != 0) {
        machine_bug(chip->machine, "%s gets command 0x%02x %s", chip->part->name, opcode, why);
    }
    chip->command = why == NULL ? command : NULL;
}

static uint32_t addr_bytes(const struct nor_chip *chip)
{
    if (chip->command->has_addr == 0) {
        return 0;
    }
    return chip->four_byte && (chip->command->flags & FIXED_ADDR) == 0 ? 4 : 3;
}

static void check_lines(struct nor_chip *chip, unsigned lines, unsigned expected)
{
    if (lines != expected) {
        machine_bug(chip->machine, "%s: command 0x%02x comes on %u lines where it wants %u", chip->part->name,
                    chip->command->opcode, lines, expected);
        chip->command = NULL;
    }
}

static uint8_t shift_data(struct nor_chip *chip, uint8_t out)
{
    if (chip->command->give != NULL) {
        return chip->command->give(chip);
    }
    if (chip->command->take != NULL) {
        chip->command->take(chip, out);
    }
    return FLOATING;
}

void nor_chip_select(struct nor_chip *chip)
{
    chip->command = NULL;
    chip->at = 0;
    chip->addr = 0;
    chip->data_len = 0;
    memset(chip->data, FLOATING, sizeof(chip->data));
}

uint8_t nor_chip_shift(struct nor_chip *chip, uint8_t out, unsigned lines)
{
    uint32_t at = chip->at++;
    uint32_t before_data;

    if (!chip->present) {
        return chip->absent_level;
    }
    if (at == 0) {
        begin_command(chip, out);
        return FLOATING;
    }
    if (chip->command == NULL) {
        return FLOATING;
    }
    before_data = addr_bytes(chip) + chip->command->dummies;
    check_lines(chip, lines, at <= before_data ? chip->command->addr_lines : chip->command->data_lines);
    if (chip->command == NULL) {
        return FLOATING;
    }
    if (at <= addr_bytes(chip)) {
        chip->addr = chip->addr << 8 | out;
        return FLOATING;
    }
    return at <= before_data ? FLOATING : shift_data(chip, out);
}

void nor_chip_deselect(struct nor_chip *chip)
{
    if (chip->present && chip->command != NULL && chip->command->end != NULL) {
        chip->command->end(chip);
    }
    chip->command = NULL;
}

void nor_chip_set_hold(struct nor_chip *chip, bool high)
{
    chip->hold_high = high;
}

/* ---- life ---- */

void nor_chip_init(struct nor_chip *chip, const struct nor_chip_part *part, struct machine *machine,
                   struct nor_model *array)
{
    *chip = (struct nor_chip){
        .part = part, .machine = machine, .array = array, .present = true, .absent_level = FLOATING, .hold_high = true};
    sim_timer_init(&machine->clock, &chip->done, job_done, chip);
}

void nor_chip_power_on(struct nor_chip *chip)
{
    abort_job(chip);
    forget_volatile(chip);
}

void nor_chip_begin_asleep(struct nor_chip *chip)
{
    chip->asleep = true;
}

void nor_chip_begin_busy(struct nor_chip *chip)
{
    chip->job_len = BUSY_AT_START;
    chip->job_off = chip->array->config->geometry.size - BUSY_AT_START;
    start_job(chip, NOR_CHIP_ERASE, nor_model_erase_ns(chip->array->config, BUSY_AT_START));
}

void nor_chip_begin_4byte(struct nor_chip *chip)
{
    chip->four_byte = true;
}
