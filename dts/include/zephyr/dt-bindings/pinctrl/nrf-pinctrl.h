/*
 * Pins of nRF peripherals, for devicetree sources and for the drivers that read them: NRF_PSEL(SIGNAL, port, pin) is
 * one cell with the number of the signal above bit 16 and the pin (port * 32 + pin, as PSEL registers take it) below.
 */
#ifndef DT_BINDINGS_NRF_PINCTRL_H
#define DT_BINDINGS_NRF_PINCTRL_H

#define NRF_PSEL(signal, port, pin)   ((NRF_FUN_##signal << 16) | ((port)*32 + (pin)))
#define NRF_PSEL_DISCONNECTED(signal) ((NRF_FUN_##signal << 16) | 0xffff)
#define NRF_PSEL_FUN(psel)            ((psel) >> 16)
#define NRF_PSEL_PIN(psel)            ((psel)&0xffff)

#define NRF_FUN_UART_TX               0
#define NRF_FUN_UART_RX               1
#define NRF_FUN_UART_RTS              2
#define NRF_FUN_UART_CTS              3
#define NRF_FUN_SPIM_SCK              4
#define NRF_FUN_SPIM_MOSI             5
#define NRF_FUN_SPIM_MISO             6
#define NRF_FUN_TWIM_SCL              7
#define NRF_FUN_TWIM_SDA              8
#define NRF_FUN_PWM_OUT0              9
#define NRF_FUN_PWM_OUT1              10
#define NRF_FUN_PWM_OUT2              11
#define NRF_FUN_PWM_OUT3              12
#define NRF_FUN_QSPI_SCK              13
#define NRF_FUN_QSPI_CSN              14
#define NRF_FUN_QSPI_IO0              15
#define NRF_FUN_QSPI_IO1              16
#define NRF_FUN_QSPI_IO2              17
#define NRF_FUN_QSPI_IO3              18

/* Values of nordic,drive-mode (GPIO PIN_CNF.DRIVE). */
#define NRF_DRIVE_S0S1 0
#define NRF_DRIVE_H0S1 1
#define NRF_DRIVE_S0H1 2
#define NRF_DRIVE_H0H1 3

#endif
