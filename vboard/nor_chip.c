#include "vboard/nor_chip.h"

#include <string.h>

#include "vboard/nor_chip_internal.h"

#define BUSY_AT_START 0x10000U /* bytes: the block that a chip of --ext-flash busy is erasing */

bool nor_chip_is_busy(const struct nor_chip *chip)
{
    return (chip->job != NOR_CHIP_IDLE && !chip->suspended) || chip->stuck;
}

bool nor_chip_has(const struct nor_chip *chip, unsigned feature)
{
    return (chip->part->features & feature) != 0;
}

bool nor_chip_is_quad(const struct nor_chip *chip)
{
    if (chip->qpi) {
        return true;
    }
    return nor_chip_has(chip, NOR_CHIP_STATUS2) ? (chip->status2 & STATUS2_QE) != 0 : (chip->status & STATUS_QE) != 0;
}

static uint64_t now(const struct nor_chip *chip)
{
    return chip->machine->clock.now;
}

struct stats_device *nor_chip_stats(const struct nor_chip *chip)
{
    return &stats_now(chip->machine->stats)->external;
}

/* ---- operations ---- */

void nor_chip_start_job(struct nor_chip *chip, enum nor_chip_job job, uint64_t ns)
{
    uint64_t ticks = sim_ticks_from_ns(ns);

    chip->job = job;
    chip->suspended = false;
    sim_timer_set(&chip->machine->clock, &chip->done, now(chip) + ticks);
    if (job == NOR_CHIP_ERASE || job == NOR_CHIP_PROGRAM) {
        nor_chip_stats(chip)->busy += ticks;
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

void nor_chip_abort_job(struct nor_chip *chip)
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
    if (chip->locked) {
        return true;
    }
    return (chip->config[0] & CONFIG1_TB) != 0 ? off < bytes : off + len > size - bytes;
}

/* Every part has its own way to tell: a register, the write enable latch that stays set, or a busy bit that does. */
bool nor_chip_refuses(struct nor_chip *chip, uint32_t off, uint32_t len, uint8_t failure)
{
    chip->security &= (uint8_t)~failure;
    if (!is_protected(chip, off, len)) {
        return false;
    }
    machine_note(chip->machine, "%s: 0x%06x is block-protected; erase or program ignored", chip->part->name,
                 (unsigned)off);
    if (nor_chip_has(chip, NOR_CHIP_SECURITY)) {
        chip->security |= failure;
        chip->write_enabled = false;
    } else if (nor_chip_has(chip, NOR_CHIP_ERRORS)) {
        chip->flags |= failure == FAILED_ERASE ? ERROR_ERASE : ERROR_PROGRAM;
        chip->stuck = true;
    } else if (nor_chip_has(chip, NOR_CHIP_FLAGS)) {
        chip->flags |= (failure == FAILED_ERASE ? 0x20U : 0x10U) | FLAGS_LOCKED;
    } else if (nor_chip_has(chip, NOR_CHIP_SILENT)) {
        chip->write_enabled = false;
    }
    return true;
}

static void begin(struct nor_chip *chip, enum nor_chip_job job, enum stats_operation kind, uint64_t ns)
{
    uint32_t seed;
    enum flash_fate fate = machine_flash_operation(chip->machine, kind, chip->job_off, chip->job_len, &seed);

    if (fate == FLASH_DONE) {
        nor_chip_start_job(chip, job, ns);
    } else if (fate == FLASH_TORN) {
        chip->job = job;
        apply_job(chip, true, seed);
        chip->job = NOR_CHIP_IDLE;
    }
}

void nor_chip_begin_erase(struct nor_chip *chip, uint32_t off, uint32_t len, uint64_t ns)
{
    if (nor_chip_refuses(chip, off, len, FAILED_ERASE)) {
        return;
    }
    chip->job_off = off;
    chip->job_len = len;
    nor_chip_stats(chip)->erases++;
    nor_chip_stats(chip)->erased_bytes += len;
    begin(chip, NOR_CHIP_ERASE, OP_EXT_ERASE, ns);
}

void nor_chip_begin_program(struct nor_chip *chip, uint64_t ns)
{
    and_with_contents(chip);
    begin(chip, NOR_CHIP_PROGRAM, OP_EXT_PROGRAM, ns);
}

void nor_chip_forget_volatile(struct nor_chip *chip)
{
    chip->write_enabled = false;
    chip->asleep = false;
    chip->four_byte = false;
    chip->extended = 0;
    chip->flags = 0;
    chip->stuck = false;
    chip->locked = nor_chip_has(chip, NOR_CHIP_UNLOCK);
    chip->reset_enabled = false;
    chip->qpi = false;
    chip->continuous = NULL;
    chip->config[1] = 0;
    chip->security = 0;
    chip->command = NULL;
}

/* ---- frames ---- */

/* Why the chip, as it is now, will not obey; NULL if it will. */
static const char *obstacle(const struct nor_chip *chip, const struct nor_chip_command *command)
{
    if (!chip->hold_high && !nor_chip_is_quad(chip)) {
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
    if ((command->flags & NEEDS_QE) != 0 && !nor_chip_is_quad(chip)) {
        return "without quad enable (QE)";
    }
    if (chip->suspended && (command->flags & NEEDS_WEL) != 0) {
        return "while an operation is suspended";
    }
    return NULL;
}

static void begin_command(struct nor_chip *chip, uint8_t opcode)
{
    const struct nor_chip_command *command = nor_chip_find_command(chip, opcode);
    const char *why = command != NULL ? obstacle(chip, command) : NULL;

    if (opcode != 0x99) {
        chip->reset_enabled = false;
    }
    nor_chip_stats(chip)->chip_commands++;
    if (why != NULL && (command->flags & IMPORTANT) != 0) {
        machine_bug(chip->machine, "%s gets command 0x%02x %s", chip->part->name, opcode, why);
    }
    chip->command = why == NULL ? command : NULL;
}

uint32_t nor_chip_addr_bytes(const struct nor_chip *chip)
{
    if (chip->command->has_addr == 0) {
        return 0;
    }
    if ((chip->command->flags & LONG_ADDR) != 0) {
        return 4;
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
    chip->command = chip->continuous;
    chip->is_continued = chip->continuous != NULL;
    chip->at = chip->is_continued ? 1 : 0; /* as behind the opcode */
    chip->addr = 0;
    chip->data_len = 0;
    memset(chip->data, FLOATING, sizeof(chip->data));
}

static uint8_t shift_byte(struct nor_chip *chip, uint8_t out, unsigned lines)
{
    uint32_t at = chip->at++;
    uint32_t before_data;

    if (at == 0) {
        begin_command(chip, out);
        return FLOATING;
    }
    if (chip->command == NULL) {
        return FLOATING;
    }
    before_data = nor_chip_addr_bytes(chip) + nor_chip_dummies(chip);
    check_lines(chip, lines, nor_chip_expected_lines(chip, at > before_data));
    if (chip->command == NULL) {
        return FLOATING;
    }
    if (at <= nor_chip_addr_bytes(chip)) {
        chip->addr = chip->addr << 8 | out;
        return FLOATING;
    }
    if (at == nor_chip_addr_bytes(chip) + 1) {
        nor_chip_take_mode_bits(chip, out);
    }
    return at <= before_data ? FLOATING : shift_data(chip, out);
}

/* The controller drives `lines` lines, the chip samples and drives `width`: eight bits of it are as many clocks. */
static uint8_t shift_narrow(struct nor_chip *chip, uint8_t out, unsigned lines, unsigned width)
{
    unsigned clocks = 8 / lines;
    uint32_t driven = (1U << lines) - 1;
    uint32_t pulled_up = ((1U << width) - 1) & ~driven;
    uint32_t sampled = 0;
    uint32_t given = 0;
    uint8_t in = 0;

    for (unsigned left = clocks; left-- > 0;) {
        sampled = sampled << width | pulled_up | ((uint32_t)out >> (left * lines) & driven);
    }
    for (unsigned left = clocks * width / 8; left-- > 0;) {
        given = given << 8 | shift_byte(chip, (uint8_t)(sampled >> (8 * left)), width);
    }
    for (unsigned left = clocks; left-- > 0;) {
        uint32_t levels = given >> (left * width);

        in = (uint8_t)((uint32_t)in << lines | ((lines == 1 ? levels >> 1 : levels) & driven));
    }
    return in;
}

uint8_t nor_chip_shift(struct nor_chip *chip, uint8_t out, unsigned lines)
{
    unsigned width = nor_chip_width(chip, lines);

    if (!chip->present) {
        return chip->absent_level;
    }
    return width > lines ? shift_narrow(chip, out, lines, width) : shift_byte(chip, out, lines);
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
    chip->locked = nor_chip_has(chip, NOR_CHIP_UNLOCK);
}

void nor_chip_power_on(struct nor_chip *chip)
{
    nor_chip_abort_job(chip);
    nor_chip_forget_volatile(chip);
}

void nor_chip_begin_asleep(struct nor_chip *chip)
{
    chip->asleep = true;
}

void nor_chip_begin_busy(struct nor_chip *chip)
{
    chip->job_len = BUSY_AT_START;
    chip->job_off = chip->array->config->geometry.size - BUSY_AT_START;
    nor_chip_start_job(chip, NOR_CHIP_ERASE, nor_model_erase_ns(chip->array->config, BUSY_AT_START));
}

void nor_chip_begin_4byte(struct nor_chip *chip)
{
    chip->four_byte = true;
}

void nor_chip_begin_reading(struct nor_chip *chip)
{
    if (nor_chip_has(chip, NOR_CHIP_STATUS2)) {
        chip->status2 |= STATUS2_QE; /* without which it does not get there */
    } else {
        chip->status |= STATUS_QE;
    }
    chip->continuous = nor_chip_find_command(chip, 0xeb);
}
