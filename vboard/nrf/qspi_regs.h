/* The register offsets of the QSPI controller, for its two halves. */
#ifndef VBOARD_NRF_QSPI_REGS_H
#define VBOARD_NRF_QSPI_REGS_H

enum {
    ACTIVATE = 0x000,
    READSTART = 0x004,
    WRITESTART = 0x008,
    ERASESTART = 0x00c,
    DEACTIVATE = 0x010,
    ANOMALY_122 = 0x054, /* written before disabling, so that less current flows */
    READY = 0x100,
    ENABLE = 0x500,
    READ_SRC = 0x504,
    READ_DST = 0x508,
    READ_CNT = 0x50c,
    WRITE_DST = 0x510,
    WRITE_SRC = 0x514,
    WRITE_CNT = 0x518,
    ERASE_PTR = 0x51c,
    ERASE_LEN = 0x520,
    PSEL_SCK = 0x524,
    PSEL_CSN = 0x528,
    PSEL_IO0 = 0x530,
    PSEL_IO3 = 0x53c,
    XIPOFFSET = 0x540,
    IFCONFIG0 = 0x544,
    IFCONFIG1 = 0x600,
    STATUS = 0x604,
    DPMDUR = 0x614,
    ADDRCONF = 0x624,
    CINSTRCONF = 0x634,
    CINSTRDAT0 = 0x638,
    CINSTRDAT1 = 0x63c,
    IFTIMING = 0x640,
};

#endif
