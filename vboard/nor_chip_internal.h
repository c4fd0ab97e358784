/* For the files of vboard/nor_chip only: what a command is, and what commands start. */
#ifndef VBOARD_NOR_CHIP_INTERNAL_H
#define VBOARD_NOR_CHIP_INTERNAL_H

#include "vboard/nor_chip.h"

#define FLOATING       0xffU
#define STATUS_WIP     0x01U
#define STATUS_WEL     0x02U
#define STATUS_BP      0x3cU
#define STATUS_QE      0x40U
#define STATUS_KEPT    0xfcU /* the bits that a status write sets */
#define STATUS2_QE     0x02U
#define CONFIG1_TB     0x08U
#define CONFIG2_LH     0x02U
#define SECURITY_PSB   0x04U
#define SECURITY_ESB   0x08U
#define FAILED_PROGRAM 0x20U /* Macronix' security register */
#define FAILED_ERASE   0x40U
#define ERROR_ERASE    0x20U /* Spansion\'s status register */
#define ERROR_PROGRAM  0x40U
#define FLAGS_READY    0x80U
#define FLAGS_LOCKED   0x02U
#define BLOCK          0x10000U

/* What the chip demands before it obeys. */
enum {
    WHILE_BUSY = 1,   /* answered while an operation runs */
    WHILE_ASLEEP = 2, /* answered in deep power-down */
    NEEDS_WEL = 4,
    NEEDS_QE = 8,
    IMPORTANT = 16,  /* ignoring it is never what the firmware wants */
    FIXED_ADDR = 32, /* three address bytes also in 4-byte mode */
    LONG_ADDR = 64,  /* four address bytes also outside of it */
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

/* ---- modes in which the chip samples more lines (nor_chip_modes) ---- */

/* The lines on which the chip samples what comes on `lines`. */
unsigned nor_chip_width(const struct nor_chip *chip, unsigned lines);

/* The lines on which the open command wants address and dummies, or data. */
unsigned nor_chip_expected_lines(const struct nor_chip *chip, bool is_data);
uint32_t nor_chip_dummies(const struct nor_chip *chip);

/* The byte behind the address: of reads that have mode bits it decides whether the next frame goes on with the read. */
void nor_chip_take_mode_bits(struct nor_chip *chip, uint8_t bits);

/* What enters or leaves QPI, or NULL; `opcode` as nor_chip_find_command. */
const struct nor_chip_command *nor_chip_find_mode_command(const struct nor_chip *chip, uint8_t opcode);

/* The command that this part has for an opcode, or NULL; one whose loss matters is reported. */
const struct nor_chip_command *nor_chip_find_command(struct nor_chip *chip, uint8_t opcode);

uint32_t nor_chip_addr_bytes(const struct nor_chip *chip);
bool nor_chip_has(const struct nor_chip *chip, unsigned feature);
bool nor_chip_is_quad(const struct nor_chip *chip);
struct stats_device *nor_chip_stats(const struct nor_chip *chip);

void nor_chip_start_job(struct nor_chip *chip, enum nor_chip_job job, uint64_t ns);
void nor_chip_abort_job(struct nor_chip *chip);
void nor_chip_forget_volatile(struct nor_chip *chip);

/* An erase or program of what job_off and job_len say, unless power is lost or blocks are protected. */
void nor_chip_begin_erase(struct nor_chip *chip, uint32_t off, uint32_t len, uint64_t ns);
void nor_chip_begin_program(struct nor_chip *chip, uint64_t ns);
bool nor_chip_refuses(struct nor_chip *chip, uint32_t off, uint32_t len, uint8_t failure);

#endif
