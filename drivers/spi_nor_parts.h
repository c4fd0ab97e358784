/*
 * SPI NOR parts by JEDEC ID: what a chip is taken for until its SFDP tables or devicetree say more, and what they
 * cannot say. The table costs nothing on a target: the row of each devicetree node is picked when it is compiled.
 *
 * Columns: name; JEDEC ID; KiB; longest times: program of a page in us, erase of 4, 32 and 64 KiB in ms (0: the chip
 * has no such erase); quad enable; how bytes beyond 16 MiB are reached; how it reports failure; bits of the status
 * register that protect blocks; where the driver met it; data sheet.
 *
 * Tested: "vboard" runs against the command-level chip of the virtual boards, "qemu" against QEMU's model, "host" in
 * the driver's own tests; "no" is what the data sheet says and nothing else.
 */
#ifndef DRIVERS_SPI_NOR_PARTS_H
#define DRIVERS_SPI_NOR_PARTS_H

#include "drivers/sfdp.h"

#define SPI_NOR_BP3   0x3cu /* BP0 to BP3, or BP0 to BP2 and TB */
#define SPI_NOR_BP2   0x1cu /* BP0 to BP2 */
#define SPI_NOR_BP_W  0x7cu /* Winbond and those who follow: BP0 to BP2, TB, SEC or BP3 */
#define SPI_NOR_4B_WB (SFDP_4BYTE_MODE | SFDP_4BYTE_EXTENDED)

/* clang-format off */
#define SPI_NOR_PARTS(X, with)                                                                                         \
    X(with, MX25R1635F, 0xc22815,  2048, 10000, 240, 3000, 3500, QER_S1B6, 0, REPORT_SECURITY, SPI_NOR_BP3, "no", "Macronix MX25R1635F") \
    X(with, MX25R3235F, 0xc22816,  4096, 10000, 240, 3000, 3500, QER_S1B6, 0, REPORT_SECURITY, SPI_NOR_BP3, "no", "Macronix MX25R3235F") \
    X(with, MX25R6435F, 0xc22817,  8192, 10000, 240, 3000, 3500, QER_S1B6, 0, REPORT_SECURITY, SPI_NOR_BP3, "vboard", "Macronix MX25R6435F, PM2138, table 17") \
    X(with, W25Q80BL,   0xef4014,  1024,  3000, 400, 1600, 2000, QER_S2B1_V1, 0, REPORT_NONE, SPI_NOR_BP_W, "qemu", "Winbond W25Q80BL, AC electrical characteristics") \
    X(with, W25Q64,     0xef4017,  8192,  3000, 400, 1600, 2000, QER_S2B1_V1, 0, REPORT_NONE, SPI_NOR_BP_W, "host", "Winbond W25Q64FV, W25Q64JV, AC electrical characteristics") \
    X(with, W25Q128,    0xef4018, 16384,  3000, 400, 1600, 2000, QER_S2B1_V1, 0, REPORT_NONE, SPI_NOR_BP_W, "no", "Winbond W25Q128FV, W25Q128JV, AC electrical characteristics") \
    X(with, W25Q256,    0xef4019, 32768,  3000, 400, 1600, 2000, QER_S2B1_V1, SPI_NOR_4B_WB, REPORT_NONE, SPI_NOR_BP_W, "qemu, host", "Winbond W25Q256FV, AC electrical characteristics; its opcodes with four address bytes are read only") \
    X(with, N25Q256A,   0x20ba19, 32768,  5000, 800,    0, 3000, QER_NONE, SFDP_4BYTE_MODE_WREN | SFDP_4BYTE_EXTENDED, REPORT_FLAGS, SPI_NOR_BP_W, "host", "Micron N25Q256A, MT25QL256A: the longer times of both") \
    X(with, S25FL128P,  0x012018, 16384,  3000,   0,    0, 3000, QER_NONE, 0, REPORT_NONE, SPI_NOR_BP3, "qemu", "Spansion S25FL128P with 64 KiB sectors") \
    X(with, S25FL256S,  0x010219, 32768,   750,   0,    0, 2600, QER_S2B1_V1, SFDP_4BYTE_OPCODES | SFDP_4BYTE_BANK, REPORT_STATUS, SPI_NOR_BP2, "host", "Spansion S25FL256S with 64 KiB sectors")
/* clang-format on */

/* One column of the row of JEDEC ID `with`, or `other` where no row has it: constant expressions. */
#define SPI_NOR_PART_PROGRAM_US(with) (SPI_NOR_PARTS(SPI_NOR_PICK_PROGRAM, with) 10000u)
#define SPI_NOR_PART_4K_MS(with)      (SPI_NOR_PARTS(SPI_NOR_PICK_4K, with) 500u)
#define SPI_NOR_PART_32K_MS(with)     (SPI_NOR_PARTS(SPI_NOR_PICK_32K, with) 0u)
#define SPI_NOR_PART_64K_MS(with)     (SPI_NOR_PARTS(SPI_NOR_PICK_64K, with) 4000u)
#define SPI_NOR_PART_QUAD(with)       (SPI_NOR_PARTS(SPI_NOR_PICK_QUAD, with) QER_NONE)
#define SPI_NOR_PART_4BYTE(with)      (SPI_NOR_PARTS(SPI_NOR_PICK_4BYTE, with) SFDP_4BYTE_MODE_WREN)
#define SPI_NOR_PART_REPORT(with)                                                                                      \
    (SPI_NOR_PARTS(SPI_NOR_PICK_REPORT, with)(with) >> 16 == 0xc2 ? REPORT_SECURITY : REPORT_NONE)
#define SPI_NOR_PART_LOCK(with)                                                         (SPI_NOR_PARTS(SPI_NOR_PICK_LOCK, with) SPI_NOR_BP3)

#define SPI_NOR_PICK_PROGRAM(with, name, id, kib, program, ...)                         (with) == (id) ? (program):
#define SPI_NOR_PICK_4K(with, name, id, kib, program, e4, ...)                          (with) == (id) ? (e4):
#define SPI_NOR_PICK_32K(with, name, id, kib, program, e4, e32, ...)                    (with) == (id) ? (e32):
#define SPI_NOR_PICK_64K(with, name, id, kib, program, e4, e32, e64, ...)               (with) == (id) ? (e64):
#define SPI_NOR_PICK_QUAD(with, name, id, kib, program, e4, e32, e64, quad, ...)        (with) == (id) ? (quad):
#define SPI_NOR_PICK_4BYTE(with, name, id, kib, program, e4, e32, e64, quad, four, ...) (with) == (id) ? (four):
#define SPI_NOR_PICK_REPORT(with, name, id, kib, program, e4, e32, e64, quad, four, report, ...)                       \
    (with) == (id) ? (report):
#define SPI_NOR_PICK_LOCK(with, name, id, kib, program, e4, e32, e64, quad, four, report, lock, ...)                   \
    (with) == (id) ? (lock):

/*
 * Members of an initializer of struct sfdp_chip: what the table knows of JEDEC ID `with`, or what every chip of the
 * last decade does, with the longest times seen.
 */
#define SPI_NOR_PART_CHIP(with)                                                                                        \
    .page = 256, .program_max_us = SPI_NOR_PART_PROGRAM_US(with),                                                      \
    .erase = {SPI_NOR_PART_ERASE(0x1000, 0x20, SPI_NOR_PART_4K_MS(with)),                                              \
              SPI_NOR_PART_ERASE(0x8000, 0x52, SPI_NOR_PART_32K_MS(with)),                                             \
              SPI_NOR_PART_ERASE(0x10000, 0xd8, SPI_NOR_PART_64K_MS(with))}
#define SPI_NOR_PART_ERASE(bytes, code, ms)                                                                            \
    {                                                                                                                  \
        .size = (ms) != 0 ? (bytes) : 0, .max_us = (ms)*1000u, .opcode = (code),                                       \
        .opcode_4byte = SFDP_OPCODE_4BYTE(code)                                                                        \
    }

#endif
