/* A virtual board from the inside: the SoC's models, the chips around it and the run's state. */
#ifndef VBOARD_BOARD_H
#define VBOARD_BOARD_H

#include "flash/model/nor_model.h"
#include "vboard/cut.h"
#include "vboard/machine.h"
#include "vboard/nrf/counter.h"
#include "vboard/nrf/gpio.h"
#include "vboard/nrf/nvmc.h"
#include "vboard/nrf/power.h"
#include "vboard/nrf/qspi.h"
#include "vboard/nrf/rng.h"
#include "vboard/nrf/soc.h"
#include "vboard/nrf/uarte.h"
#include "vboard/nrf/wdt.h"
#include "vboard/nor_chip.h"
#include "vboard/vboard.h"

#define PIN(port, number) ((port)*32U + (number)) /* as PSEL registers write it */

/* What a board connects to the SoC's pins. One row per board that exists. */
struct board_wiring {
    const char *name;
    const char *summary;
    const struct nrf_soc *soc;
    uint32_t console_txd;
    uint32_t console_rxd;
    uint32_t buttons[4]; /* active low */
    struct {
        const struct nor_chip_part *part;
        uint32_t sck, csn, io[4];
    } qspi_flash;
};
extern const struct board_wiring board_wirings[];
extern const size_t board_wiring_count;

/* A text that is waited for in the console's output. */
struct text_watch {
    const char *text;
    size_t len;
    void (*seen)(struct vboard *board, const char *text);
};
#define RECENT_SIZE 1024

struct vboard {
    struct machine machine;
    struct vboard_config config;
    const struct board_wiring *wiring;
    const struct nrf_soc *soc;
    struct stats stats;
    struct cutter cutter;
    enum vboard_end end;
    bool powered; /* has been switched on */
    bool bug_reported;
    size_t resets; /* since power came on */

    uint8_t *owned[3]; /* contents that the configuration did not bring */
    uint8_t *ficr;
    struct nor_model flash;
    struct nor_model uicr;
    struct nor_model external;

    struct nvmc nvmc;
    struct power power;
    struct uarte uarte[2];
    struct gpio gpio[2];
    struct qspi qspi;
    struct wdt wdts[NRF_SOC_WDTS];
    struct rng rng;
    struct counter counters[NRF_SOC_COUNTERS];
    struct periph plain[NRF_SOC_PLAIN];
    struct nor_chip chip;
    struct periph *apb[NRF_SOC_APB_MAX]; /* by page of 4 KiB from the SoC's first */

    struct sim_timer timeout;
    struct text_watch *watches; /* owned */
    size_t watch_count;
    struct text_watch until;
    char recent[RECENT_SIZE]; /* the console's last bytes */
    size_t recent_len;
    uint64_t boot_instructions; /* executed before this boot */
    uint64_t pace_debt;         /* modelled time not yet waited for, ticks */
    char **noted;               /* owned: notes are said once */
    size_t noted_count;
};

void board_say(struct vboard *board, enum vboard_channel channel, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* board_soc.c: the SoC's models and the bus between them. */
void board_soc_init(struct vboard *board);
void board_soc_free(struct vboard *board);
void board_soc_reset(struct vboard *board, enum reset_kind kind);
bool board_devices_work(const struct vboard *board); /* something but timers is under way */
uint32_t board_read(void *ctx, uint32_t addr, unsigned size);
void board_write(void *ctx, uint32_t addr, unsigned size, uint32_t value);
void board_store(void *ctx, uint32_t addr, unsigned size, uint32_t value);
enum cpu_verdict board_judge(void *ctx, enum cpu_access access, uint32_t addr, unsigned size);

/* board_run.c */
void board_console(struct vboard *board, uint8_t byte);

#endif
