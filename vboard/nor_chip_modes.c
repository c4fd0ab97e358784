/*
 * States in which a serial NOR flash chip samples more lines than the opcodes of a one-line controller come on: QPI
 * mode, and continuous read. Sources: Winbond W25Q256FV (QPI, M5-4), Macronix MX25L25635F (QPI, performance enhance
 * mode), Spansion S25FL256S (mode bits), JESD216 (BFP words 15 and 16).
 */
#include "vboard/nor_chip_internal.h"

unsigned nor_chip_width(const struct nor_chip *chip, unsigned lines)
{
    if (chip->qpi) {
        return 4;
    }
    /* The rest of the frame in which the mode bits end it is still the read. */
    return chip->command != NULL && chip->is_continued ? chip->command->addr_lines : lines;
}

unsigned nor_chip_expected_lines(const struct nor_chip *chip, bool is_data)
{
    if (chip->qpi) {
        return 4;
    }
    return is_data ? chip->command->data_lines : chip->command->addr_lines;
}

static bool has_mode_bits(const struct nor_chip *chip)
{
    switch (chip->command->opcode) {
    case 0xeb:
        return chip->part->mode_bits != NOR_CHIP_NO_MODE_BITS;
    case 0xbb:
        return chip->part->mode_bits == NOR_CHIP_MODE_BITS_WINBOND ||
               chip->part->mode_bits == NOR_CHIP_MODE_BITS_SPANSION;
    default:
        return false;
    }
}

/* In QPI a read has two dummy clocks, those of its mode bits, unless C0 says otherwise. */
uint32_t nor_chip_dummies(const struct nor_chip *chip)
{
    return chip->qpi && chip->command->opcode == 0xeb ? 1 : chip->command->dummies;
}

static bool continues(enum nor_chip_mode_bits kind, uint8_t bits)
{
    switch (kind) {
    case NOR_CHIP_MODE_BITS_WINBOND:
        return (bits & 0x30) == 0x20;
    case NOR_CHIP_MODE_BITS_SPANSION:
        return (bits & 0xf0) == 0xa0;
    case NOR_CHIP_MODE_BITS_MACRONIX:
        return ((bits >> 4 ^ bits) & 0x0f) == 0x0f;
    default:
        return false;
    }
}

void nor_chip_take_mode_bits(struct nor_chip *chip, uint8_t bits)
{
    if (has_mode_bits(chip)) {
        chip->continuous = continues(chip->part->mode_bits, bits) ? chip->command : NULL;
    }
}

static void end_enter_qpi(struct nor_chip *chip)
{
    chip->qpi = true;
}

static void end_leave_qpi(struct nor_chip *chip)
{
    chip->qpi = false;
}

static void take_ones(struct nor_chip *chip, uint8_t byte)
{
    chip->data[0] &= byte;
}

/* However many clocks of ones (BFP word 16: 8, 10 or 16), but nothing else. */
static void end_ones(struct nor_chip *chip)
{
    if (chip->data[0] == FLOATING) {
        chip->qpi = false;
    }
}

static const struct {
    unsigned feature;
    bool in_qpi;
    struct nor_chip_command command;
} mode_commands[] = {
    {NOR_CHIP_QPI_38, false, {0x38, 0, 0, 1, 1, NEEDS_QE | IMPORTANT, NULL, NULL, end_enter_qpi}},
    {NOR_CHIP_QPI_38, true, {0xff, 0, 0, 4, 4, 0, NULL, take_ones, end_ones}},
    {NOR_CHIP_QPI_35, false, {0x35, 0, 0, 1, 1, IMPORTANT, NULL, NULL, end_enter_qpi}},
    {NOR_CHIP_QPI_35, true, {0xf5, 0, 0, 4, 4, 0, NULL, NULL, end_leave_qpi}},
};

const struct nor_chip_command *nor_chip_find_mode_command(const struct nor_chip *chip, uint8_t opcode)
{
    for (size_t i = 0; i < sizeof(mode_commands) / sizeof(mode_commands[0]); i++) {
        if (mode_commands[i].command.opcode == opcode && mode_commands[i].in_qpi == chip->qpi &&
            nor_chip_has(chip, mode_commands[i].feature)) {
            return &mode_commands[i].command;
        }
    }
    return NULL;
}
