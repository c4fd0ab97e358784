#include "vboard/nrf/qspi_lines.h"

#include "vboard/nrf/power.h"
#include "vboard/nrf/qspi_regs.h"

#define ADDRMODE_32BIT (1U << 6)
#define CMD_RDSR       0x05U

/* IFCONFIG0.READOC and WRITEOC */
static const struct qspi_transfer reads[] = {
    {0x0b, 1, 1, 1}, {0x3b, 1, 1, 2}, {0xbb, 2, 1, 2}, {0x6b, 1, 1, 4}, {0xeb, 4, 3, 4}};
static const struct qspi_transfer writes[] = {{0x02, 1, 0, 1}, {0xa2, 1, 0, 2}, {0x32, 1, 0, 4}, {0x38, 4, 0, 4}};

static bool is_connected(const struct qspi *qspi)
{
    bool good = PERIPH_REG(&qspi->periph, PSEL_SCK) == qspi->wires.sck &&
                PERIPH_REG(&qspi->periph, PSEL_CSN) == qspi->wires.csn;

    for (unsigned i = 0; i < 4; i++) {
        good = good && PERIPH_REG(&qspi->periph, PSEL_IO0 + 4 * i) == qspi->wires.io[i];
    }
    return good;
}

void qspi_select(struct qspi *qspi)
{
    if (is_connected(qspi)) {
        qspi->wires.select(qspi->wires.ctx);
    } else {
        machine_note(qspi->periph.machine, "QSPI: the pins selected do not lead to the flash chip");
    }
}

uint8_t qspi_shift(const struct qspi *qspi, uint8_t out, unsigned lines)
{
    return is_connected(qspi) ? qspi->wires.shift(qspi->wires.ctx, out, lines) : 0xff;
}

void qspi_deselect(struct qspi *qspi)
{
    if (is_connected(qspi)) {
        qspi->wires.deselect(qspi->wires.ctx);
    }
}

void qspi_send_simple(struct qspi *qspi, uint8_t opcode)
{
    qspi_select(qspi);
    (void)qspi_shift(qspi, opcode, 1);
    qspi_deselect(qspi);
}

uint8_t qspi_read_status(struct qspi *qspi)
{
    qspi_select(qspi);
    (void)qspi_shift(qspi, CMD_RDSR, 1);
    qspi->status_read = qspi_shift(qspi, 0, 1);
    qspi_deselect(qspi);
    return qspi->status_read;
}

static unsigned addr_bytes(const struct qspi *qspi)
{
    return (PERIPH_REG(&qspi->periph, IFCONFIG0) & ADDRMODE_32BIT) != 0 ? 4 : 3;
}

void qspi_send_header(struct qspi *qspi, const struct qspi_transfer *transfer, uint32_t addr)
{
    qspi_select(qspi);
    (void)qspi_shift(qspi, transfer->opcode, 1);
    for (unsigned i = addr_bytes(qspi); i-- > 0;) {
        (void)qspi_shift(qspi, (uint8_t)(addr >> (8 * i)), transfer->addr_lines);
    }
    for (unsigned i = 0; i < transfer->dummies; i++) {
        (void)qspi_shift(qspi, 0, transfer->addr_lines);
    }
}

/* SCK is 32 MHz / (SCKFREQ + 1), or 96 MHz where HFCLK192M is not divided further. */
uint64_t qspi_ticks(const struct qspi *qspi, uint64_t clocks)
{
    uint64_t mhz = qspi->clock != NULL ? 96U >> (PERIPH_REG(qspi->clock, POWER_HFCLK192MCTRL) & 3) : 32U;

    return clocks * ((PERIPH_REG(&qspi->periph, IFCONFIG1) >> 28) + 1) * TICKS_PER_US / mhz;
}

uint64_t qspi_transfer_ticks(const struct qspi *qspi, const struct qspi_transfer *transfer, uint32_t len)
{
    uint64_t clocks = 8 + 8 * (uint64_t)(addr_bytes(qspi) + transfer->dummies) / transfer->addr_lines +
                      8 * (uint64_t)len / transfer->data_lines;

    return qspi_ticks(qspi, clocks);
}

const struct qspi_transfer *qspi_read_transfer(const struct qspi *qspi)
{
    uint32_t which = PERIPH_REG(&qspi->periph, IFCONFIG0) & 7;

    return &reads[which < sizeof(reads) / sizeof(reads[0]) ? which : 0];
}

const struct qspi_transfer *qspi_write_transfer(const struct qspi *qspi)
{
    return &writes[PERIPH_REG(&qspi->periph, IFCONFIG0) >> 3 & 3];
}
