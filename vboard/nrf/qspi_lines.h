/*
 * What the QSPI controller puts on its lines: frames of an opcode, an address, dummy clocks and data on one, two or
 * four lines, and the clocks that they take.
 */
#ifndef VBOARD_NRF_QSPI_LINES_H
#define VBOARD_NRF_QSPI_LINES_H

#include "vboard/nrf/qspi.h"

/* How a transfer goes over the lines. */
struct qspi_transfer {
    uint8_t opcode;
    uint8_t addr_lines;
    uint8_t dummies; /* bytes, at the address's width */
    uint8_t data_lines;
};

/* As IFCONFIG0.READOC and WRITEOC choose. */
const struct qspi_transfer *qspi_read_transfer(const struct qspi *qspi);
const struct qspi_transfer *qspi_write_transfer(const struct qspi *qspi);

void qspi_select(struct qspi *qspi);
uint8_t qspi_shift(const struct qspi *qspi, uint8_t out, unsigned lines);
void qspi_deselect(struct qspi *qspi);
void qspi_send_simple(struct qspi *qspi, uint8_t opcode);
uint8_t qspi_read_status(struct qspi *qspi);
void qspi_send_header(struct qspi *qspi, const struct qspi_transfer *transfer, uint32_t addr);
uint64_t qspi_ticks(const struct qspi *qspi, uint64_t clocks);
uint64_t qspi_transfer_ticks(const struct qspi *qspi, const struct qspi_transfer *transfer, uint32_t len);

#endif
