/* The chips that boards have. Figures: docs/PERFORMANCE.md for erase and program, the data sheets for the rest. */
#include "vboard/nor_chip.h"

#define US 1000ULL
#define MS 1000000ULL

/*
 * SFDP (JESD216): header, one parameter header, and at 0x30 the basic flash parameters that devicetrees list for the
 * MX25R6435F (16 words).
 */
static const uint8_t mx25r_sfdp[] = {
    'S',  'F',  'D',  'P',  0x06, 0x01, 0x00, 0xff, 0x00, 0x06, 0x01, 0x10, 0x30, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe5, 0x20, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x03, 0x44,
    0xeb, 0x08, 0x6b, 0x08, 0x3b, 0x04, 0xbb, 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0xff, 0xff, 0xff, 0x00, 0xff,
    0x0c, 0x20, 0x0f, 0x52, 0x10, 0xd8, 0x00, 0xff, 0x23, 0x72, 0xf5, 0x00, 0x82, 0xed, 0x04, 0xcc, 0x44, 0x83, 0x68,
    0x44, 0x30, 0xb0, 0x30, 0xb0, 0xf7, 0xc4, 0xd5, 0x5c, 0x00, 0xbe, 0x29, 0xff, 0xf0, 0xd0, 0xff, 0xff,
};

/* tDP 10 us, tRDP 35 us, tW 30 ms at most, tREADY2 35 us idle and 12 ms in an erase, chip erase 75 s typical. */
#define MX25R_TIMES                                                                                                    \
    .enter_dpd_ns = 10 * US, .exit_dpd_ns = 35 * US, .write_status_ns = 30 * MS, .reset_ns = 35 * US,                  \
    .reset_erase_ns = 12 * MS, .chip_erase_ns = 75000 * MS

#define MX25R_FEATURES (NOR_CHIP_RESET | NOR_CHIP_SECURITY)

const struct nor_chip_part nor_chip_mx25r6435f = {
    .name = "MX25R6435F",
    .features = MX25R_FEATURES,
    .mode_bits = NOR_CHIP_MODE_BITS_MACRONIX,
    .array = &nor_part_mx25r6435f,
    .jedec_id = {0xc2, 0x28, 0x17},
    .electronic_id = 0x17,
    .sfdp = mx25r_sfdp,
    .sfdp_len = sizeof(mx25r_sfdp),
    MX25R_TIMES,
};

const struct nor_chip_part nor_chip_mx25r_4byte = {
    .name = "MX25R6435F with a 4-byte mode",
    .features = MX25R_FEATURES | NOR_CHIP_4BYTE_MODE,
    .mode_bits = NOR_CHIP_MODE_BITS_MACRONIX,
    .array = &nor_part_mx25r6435f,
    .jedec_id = {0xc2, 0x28, 0x17},
    .electronic_id = 0x17,
    .sfdp = mx25r_sfdp,
    .sfdp_len = sizeof(mx25r_sfdp),
    MX25R_TIMES,
};

const struct nor_chip_part nor_chip_foreign = {
    .name = "W25Q64",
    .features = NOR_CHIP_RESET,
    .array = &nor_part_mx25r6435f,
    .jedec_id = {0xef, 0x40, 0x17},
    .electronic_id = 0x16,
    .sfdp = mx25r_sfdp,
    .sfdp_len = sizeof(mx25r_sfdp),
    MX25R_TIMES,
};

/*
 * The same with the words of a 32 MiB part that differ: density, write enable latch and quad enable (S2B1v4), and
 * 4-byte addresses by B7 or by opcodes of their own, which the second table names.
 */
static const uint8_t w25q256jv_sfdp[] = {
    'S',  'F',  'D',  'P',  0x06, 0x01, 0x01, 0xff, 0x00, 0x06, 0x01, 0x10, 0x30, 0x00, 0x00, 0xff, 0x84, 0x00,
    0x01, 0x02, 0x70, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe5, 0x20, 0xf3, 0xff, 0xff, 0xff,
    0xff, 0x0f, 0x44, 0xeb, 0x08, 0x6b, 0x08, 0x3b, 0x04, 0xbb, 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0xff,
    0xff, 0xff, 0x00, 0xff, 0x0c, 0x20, 0x0f, 0x52, 0x10, 0xd8, 0x00, 0xff, 0x23, 0x72, 0xf5, 0x00, 0x82, 0xed,
    0x04, 0xcc, 0x44, 0x83, 0x68, 0x44, 0x7a, 0x75, 0x7a, 0x75, 0xf7, 0xc4, 0xd5, 0x5c, 0x00, 0xbe, 0x49, 0xff,
    0xf0, 0xd0, 0xff, 0x21, 0x7f, 0x0e, 0xff, 0xff, 0x21, 0x5c, 0xdc, 0xff,
};

static const struct flash_range small_sectors_32m[] = {{0, 0x1000, 8192}};
static const struct flash_range small_sectors_1m[] = {{0, 0x1000, 256}};
static const struct flash_range large_sectors_32m[] = {{0, 0x10000, 512}};
static const struct nor_erase_time small_erase[] = {{0x1000, 45 * MS}, {0x8000, 120 * MS}, {0x10000, 150 * MS}};
static const struct nor_erase_time large_erase[] = {{0x10000, 500 * MS}};

/* Winbond W25Q256JV: tSE 45 ms, tBE1 120 ms, tBE2 150 ms, tPP 0.7 ms; S25FL256S: tSE 0.5 s for 64 KiB; typical. */
#define ARRAY(of_name, bytes, of_ranges, of_erase, count)                                                              \
    {                                                                                                                  \
        .name = (of_name), .geometry = {(bytes), 1, 0xff, 1, of_ranges},                                               \
        .timing = {.page_size = 256,                                                                                   \
                   .program_base_ns = 30000,                                                                           \
                   .program_byte_ns = 2600,                                                                            \
                   .program_page_max_ns = 700000,                                                                      \
                   .erase = (of_erase),                                                                                \
                   .erase_count = (count)},                                                                            \
    }
static const struct nor_config array_32m = ARRAY("32 MiB", 32U << 20, small_sectors_32m, small_erase, 3);
static const struct nor_config array_1m = ARRAY("1 MiB", 1U << 20, small_sectors_1m, small_erase, 3);
static const struct nor_config array_64k_sectors = ARRAY("32 MiB", 32U << 20, large_sectors_32m, large_erase, 1);

/* tDP 3 us, tRES1 3 us, tW 15 ms at most, tRST 30 us; chip erase 80 s typical. */
#define OTHER_TIMES                                                                                                    \
    .enter_dpd_ns = 3 * US, .exit_dpd_ns = 3 * US, .write_status_ns = 15 * MS, .reset_ns = 30 * US,                    \
    .reset_erase_ns = 30 * US, .chip_erase_ns = 80000 * MS

const struct nor_chip_part nor_chip_w25q256jv = {
    .name = "W25Q256JV",
    .array = &array_32m,
    .jedec_id = {0xef, 0x40, 0x19},
    .electronic_id = 0x18,
    .sfdp = w25q256jv_sfdp,
    .sfdp_len = sizeof(w25q256jv_sfdp),
    .features = NOR_CHIP_RESET | NOR_CHIP_STATUS2 | NOR_CHIP_4BYTE_MODE | NOR_CHIP_4BYTE_OPCODES | NOR_CHIP_EXTENDED,
    .mode_bits = NOR_CHIP_MODE_BITS_WINBOND,
    OTHER_TIMES,
};

const struct nor_chip_part nor_chip_w25q256fv = {
    .name = "W25Q256FV",
    .array = &array_32m,
    .jedec_id = {0xef, 0x40, 0x19},
    .electronic_id = 0x18,
    .features = NOR_CHIP_RESET | NOR_CHIP_STATUS2 | NOR_CHIP_4BYTE_MODE | NOR_CHIP_EXTENDED | NOR_CHIP_QPI_38,
    .mode_bits = NOR_CHIP_MODE_BITS_WINBOND,
    OTHER_TIMES,
};

const struct nor_chip_part nor_chip_n25q256a = {
    .name = "N25Q256A",
    .array = &array_32m,
    .jedec_id = {0x20, 0xba, 0x19},
    .electronic_id = 0x18,
    .features = NOR_CHIP_RESET | NOR_CHIP_FLAGS | NOR_CHIP_4BYTE_MODE | NOR_CHIP_4BYTE_WREN | NOR_CHIP_EXTENDED,
    OTHER_TIMES,
};

const struct nor_chip_part nor_chip_s25fl256s = {
    .name = "S25FL256S",
    .array = &array_64k_sectors,
    .jedec_id = {0x01, 0x02, 0x19},
    .electronic_id = 0x18,
    .features = NOR_CHIP_STATUS2 | NOR_CHIP_ERRORS | NOR_CHIP_BANK | NOR_CHIP_4BYTE_OPCODES,
    .mode_bits = NOR_CHIP_MODE_BITS_SPANSION,
    OTHER_TIMES,
};

const struct nor_chip_part nor_chip_locked = {
    .name = "MX25R6435F protected at power-on",
    .array = &nor_part_mx25r6435f,
    .jedec_id = {0xc2, 0x28, 0x17},
    .electronic_id = 0x17,
    .sfdp = mx25r_sfdp,
    .sfdp_len = sizeof(mx25r_sfdp),
    .features = MX25R_FEATURES | NOR_CHIP_UNLOCK,
    .mode_bits = NOR_CHIP_MODE_BITS_MACRONIX,
    MX25R_TIMES,
};

const struct nor_chip_part nor_chip_mx25l25635e = {
    .name = "MX25L25635E",
    .array = &array_32m,
    .jedec_id = {0xc2, 0x20, 0x19},
    .electronic_id = 0x18,
    .features = NOR_CHIP_SECURITY | NOR_CHIP_4BYTE_MODE,
    .mode_bits = NOR_CHIP_MODE_BITS_MACRONIX,
    OTHER_TIMES,
};

const struct nor_chip_part nor_chip_mx25l25635f = {
    .name = "MX25L25635F",
    .array = &array_32m,
    .jedec_id = {0xc2, 0x20, 0x19},
    .electronic_id = 0x18,
    .features = NOR_CHIP_RESET | NOR_CHIP_SECURITY | NOR_CHIP_4BYTE_MODE | NOR_CHIP_QPI_35,
    .mode_bits = NOR_CHIP_MODE_BITS_MACRONIX,
    OTHER_TIMES,
};

const struct nor_chip_part nor_chip_w25q80bl = {
    .name = "W25Q80BL",
    .array = &array_1m,
    .jedec_id = {0xef, 0x40, 0x14},
    .electronic_id = 0x13,
    .features = NOR_CHIP_STATUS2 | NOR_CHIP_SILENT,
    .mode_bits = NOR_CHIP_MODE_BITS_WINBOND,
    OTHER_TIMES,
};
