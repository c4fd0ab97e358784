/* What the commands of a serial NOR flash chip do, and which part has which. */
#include <string.h>

#include "vboard/nor_chip_internal.h"

static uint32_t array_at(const struct nor_chip *chip)
{
    uint32_t addr = chip->addr;

    if (nor_chip_addr_bytes(chip) == 3) {
        addr |= (uint32_t)chip->extended << 24;
    }
    return addr % chip->array->config->geometry.size;
}

static uint8_t give_array(struct nor_chip *chip)
{
    uint8_t byte = chip->array->data[array_at(chip)];

    nor_chip_stats(chip)->read_bytes++;
    chip->addr++;
    return byte;
}

static uint8_t give_status(struct nor_chip *chip)
{
    uint8_t errors = nor_chip_has(chip, NOR_CHIP_ERRORS) ? chip->flags : 0;

    return (uint8_t)(chip->status | errors | (chip->write_enabled ? STATUS_WEL : 0) |
                     (nor_chip_is_busy(chip) ? STATUS_WIP : 0));
}

static uint8_t give_config(struct nor_chip *chip)
{
    return chip->config[chip->data_len++ & 1];
}

static uint8_t give_security(struct nor_chip *chip)
{
    return chip->security;
}

static uint8_t give_status2(struct nor_chip *chip)
{
    return chip->status2;
}

static uint8_t give_flags(struct nor_chip *chip)
{
    return (uint8_t)(chip->flags | (nor_chip_is_busy(chip) ? 0 : FLAGS_READY));
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

/* Parts with two status registers take both in one command, and clear the second when it is left out. */
static void end_write_status(struct nor_chip *chip)
{
    if (chip->data_len == 0) {
        return;
    }
    chip->status = chip->data[0] & STATUS_KEPT;
    if (nor_chip_has(chip, NOR_CHIP_ERRORS)) {
        chip->status &= (uint8_t) ~(ERROR_PROGRAM | ERROR_ERASE);
    }
    if (nor_chip_has(chip, NOR_CHIP_STATUS2)) {
        chip->status2 = chip->data_len > 1 ? chip->data[1] : 0;
    } else if (chip->data_len > 1) {
        chip->config[0] = (uint8_t)((chip->config[0] | chip->data[1]) & CONFIG1_TB); /* TB cannot be cleared */
    }
    if (chip->data_len > 2) {
        chip->config[1] = chip->data[2] & CONFIG2_LH;
    }
    chip->job_len = 0;
    nor_chip_start_job(chip, NOR_CHIP_WRITE_STATUS, chip->part->write_status_ns);
}

static void end_write_extended(struct nor_chip *chip)
{
    chip->extended = chip->data[0];
    chip->write_enabled = false;
}

static void end_write_bank(struct nor_chip *chip)
{
    chip->four_byte = (chip->data[0] & 0x80) != 0;
}

static void end_unlock(struct nor_chip *chip)
{
    chip->locked = false;
    chip->write_enabled = false;
}

static void end_clear_flags(struct nor_chip *chip)
{
    chip->flags = 0;
}

static void end_page_program(struct nor_chip *chip)
{
    uint32_t page = array_at(chip) & ~(NOR_CHIP_PAGE - 1);
    uint32_t first = array_at(chip) % NOR_CHIP_PAGE;
    bool wrapped = first + chip->data_len > NOR_CHIP_PAGE;
    uint32_t len = chip->data_len < NOR_CHIP_PAGE ? chip->data_len : NOR_CHIP_PAGE;

    if (len == 0 || nor_chip_refuses(chip, page + first, 1, FAILED_PROGRAM)) {
        return;
    }
    chip->job_off = wrapped ? page : page + first;
    chip->job_len = wrapped ? NOR_CHIP_PAGE : len;
    memcpy(chip->job_data, chip->data + (wrapped ? 0 : first), chip->job_len);
    nor_chip_stats(chip)->programs++;
    nor_chip_stats(chip)->programmed_bytes += len;
    nor_chip_begin_program(chip, nor_model_program_ns(chip->array->config, page, len));
}

static void end_erase_unit(struct nor_chip *chip)
{
    uint8_t opcode = chip->command->opcode;
    uint32_t size = opcode == 0x20 || opcode == 0x21 ? 0x1000 : opcode == 0x52 || opcode == 0x5c ? 0x8000 : BLOCK;

    if (chip->at < 1 + nor_chip_addr_bytes(chip)) {
        return; /* chip select rose before the address was complete */
    }
    nor_chip_begin_erase(chip, array_at(chip) & ~(size - 1), size, nor_model_erase_ns(chip->array->config, size));
}

static void end_erase_chip(struct nor_chip *chip)
{
    nor_chip_begin_erase(chip, 0, chip->array->config->geometry.size, chip->part->chip_erase_ns);
}

static void end_sleep(struct nor_chip *chip)
{
    if (chip->job == NOR_CHIP_IDLE) {
        chip->asleep = true;
        nor_chip_start_job(chip, NOR_CHIP_RECOVER, chip->part->enter_dpd_ns);
    }
}

static void end_wake(struct nor_chip *chip)
{
    if (chip->asleep) {
        chip->asleep = false;
        nor_chip_start_job(chip, NOR_CHIP_RECOVER, chip->part->exit_dpd_ns);
    }
}

static void end_reset_enable(struct nor_chip *chip)
{
    chip->reset_enabled = true;
}

static void end_reset(struct nor_chip *chip)
{
    bool erasing = chip->job == NOR_CHIP_ERASE;

    if (!chip->reset_enabled) {
        return;
    }
    nor_chip_abort_job(chip);
    nor_chip_forget_volatile(chip);
    nor_chip_start_job(chip, NOR_CHIP_RECOVER, erasing ? chip->part->reset_erase_ns : chip->part->reset_ns);
}

static void end_suspend(struct nor_chip *chip)
{
    if (chip->suspended || (chip->job != NOR_CHIP_ERASE && chip->job != NOR_CHIP_PROGRAM)) {
        return;
    }
    chip->suspended = true;
    chip->job_left = chip->done.due - chip->machine->clock.now;
    chip->security |= chip->job == NOR_CHIP_ERASE ? SECURITY_ESB : SECURITY_PSB;
    sim_timer_stop(&chip->machine->clock, &chip->done);
}

static void end_resume(struct nor_chip *chip)
{
    if (chip->command->opcode == 0x30 && nor_chip_has(chip, NOR_CHIP_ERRORS)) {
        chip->stuck = false;
        chip->flags = 0;
    } else if (chip->suspended) {
        chip->suspended = false;
        chip->security &= (uint8_t) ~(SECURITY_PSB | SECURITY_ESB);
        sim_timer_set(&chip->machine->clock, &chip->done, chip->machine->clock.now + chip->job_left);
    }
}

static void end_4byte(struct nor_chip *chip)
{
    if (nor_chip_has(chip, NOR_CHIP_4BYTE_MODE) && (!nor_chip_has(chip, NOR_CHIP_4BYTE_WREN) || chip->write_enabled)) {
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
    READ(0x13, 0, 1, 1, LONG_ADDR),
    READ(0x0c, 1, 1, 1, LONG_ADDR),
    CHANGE(0x12, 1, 1, 1, LONG_ADDR, take_page, end_page_program),
    CHANGE(0x21, 1, 1, 1, LONG_ADDR, NULL, end_erase_unit),
    CHANGE(0x5c, 1, 1, 1, LONG_ADDR, NULL, end_erase_unit),
    CHANGE(0xdc, 1, 1, 1, LONG_ADDR, NULL, end_erase_unit),
    CHANGE(0xc5, 0, 1, 1, 0, take_status, end_write_extended),
    {0x17, 0, 0, 1, 1, 0, NULL, take_status, end_write_bank},
    CHANGE(0x98, 0, 1, 1, 0, NULL, end_unlock),
    SIMPLE(0x50, WHILE_BUSY, end_clear_flags),
    SIMPLE(0xb7, 0, end_4byte),
    SIMPLE(0xe9, 0, end_4byte),
    SIMPLE(0x00, WHILE_BUSY, NULL),
    ANSWER(0x35, 0, 0, WHILE_BUSY, give_status2),
    ANSWER(0x70, 0, 0, WHILE_BUSY, give_flags),
    ANSWER(0x05, 0, 0, WHILE_BUSY, give_status),
    ANSWER(0x15, 0, 0, WHILE_BUSY, give_config),
    ANSWER(0x2b, 0, 0, WHILE_BUSY, give_security),
    ANSWER(0x9f, 0, 0, 0, give_id),
    ANSWER(0x90, 1, 0, FIXED_ADDR, give_rems),
    ANSWER(0x5a, 1, 1, FIXED_ADDR, give_sfdp),
    {0xab, 0, 3, 1, 1, WHILE_ASLEEP, give_electronic_id, NULL, end_wake},
};

/* What only some parts have. */
static const struct {
    uint8_t opcode;
    unsigned feature;
} optional[] = {
    {0x15, NOR_CHIP_SECURITY},      {0x2b, NOR_CHIP_SECURITY},      {0x35, NOR_CHIP_STATUS2},
    {0x70, NOR_CHIP_FLAGS},         {0x50, NOR_CHIP_FLAGS},         {0x13, NOR_CHIP_4BYTE_OPCODES},
    {0x0c, NOR_CHIP_4BYTE_OPCODES}, {0x12, NOR_CHIP_4BYTE_OPCODES}, {0x21, NOR_CHIP_4BYTE_OPCODES},
    {0x5c, NOR_CHIP_4BYTE_OPCODES}, {0xdc, NOR_CHIP_4BYTE_OPCODES}, {0xc5, NOR_CHIP_EXTENDED},
    {0x17, NOR_CHIP_BANK},          {0x98, NOR_CHIP_UNLOCK},        {0x66, NOR_CHIP_RESET},
    {0x99, NOR_CHIP_RESET},
};

static bool is_left_out(const struct nor_chip *chip, uint8_t opcode)
{
    for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
        if (optional[i].opcode == opcode) {
            return !nor_chip_has(chip, optional[i].feature);
        }
    }
    return false;
}

/* Commands of other chips that change or read the array: a chip that does not know them loses data silently. */
static const uint8_t unknown_but_important[] = {0xa2, 0x32, 0x12, 0x34, 0x3e, 0x21, 0x5c,
                                                0xdc, 0x13, 0x0c, 0x3c, 0xbc, 0x6c, 0xec};

const struct nor_chip_command *nor_chip_find_command(struct nor_chip *chip, uint8_t opcode)
{
    const struct nor_chip_command *mode = nor_chip_find_mode_command(chip, opcode);

    if (mode != NULL) {
        return mode;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].opcode == opcode && !is_left_out(chip, opcode)) {
            return &commands[i];
        }
    }
    if (memchr(unknown_but_important, opcode, sizeof(unknown_but_important)) != NULL) {
        machine_bug(chip->machine, "%s has no command 0x%02x", chip->part->name, opcode);
    }
    return NULL;
}
