/* A SoC put together from its row: address map, peripherals, and what a reset does to each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"
#include "vboard/board.h"
#include "vboard/nrf/acl.h"

#define RAM_BASE  0x20000000U
#define PORT0     0x500U
#define PORT1     0x800U
#define PORT_SIZE 0x300U
#define PPB_BASE  0xe0000000U
#define PAGE      0x1000U
#define ERASED    0xffU

static void console_sent(void *ctx, uint8_t byte)
{
    board_console(ctx, byte);
}

static void ignore_sent(void *ctx, uint8_t byte)
{
    (void)ctx;
    (void)byte;
}

static void put_word(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

/* Factory information that firmware reads. */
static void fill_ficr(const struct nrf_soc *soc, uint8_t *ficr, struct random random)
{
    memset(ficr, ERASED, PAGE);
    for (size_t i = 0; i < sizeof(soc->ficr_random) / sizeof(soc->ficr_random[0]); i++) {
        put_word(ficr + soc->ficr_random[i], (uint32_t)random_next(&random));
    }
    for (size_t i = 0; i < soc->ficr_word_count; i++) {
        put_word(ficr + soc->ficr_words[i].off, soc->ficr_words[i].value);
    }
}

static void chip_select(void *ctx)
{
    nor_chip_select(ctx);
}

static uint8_t chip_shift(void *ctx, uint8_t out, unsigned lines)
{
    return nor_chip_shift(ctx, out, lines);
}

static void chip_deselect(void *ctx)
{
    nor_chip_deselect(ctx);
}

static void chip_set_io3(void *ctx, bool high)
{
    nor_chip_set_hold(ctx, high);
}

static const struct nor_chip_part *chip_part(const struct vboard *board)
{
    switch (board->config.ext_flash) {
    case VBOARD_EXT_4BYTE:
        return &nor_chip_mx25r_4byte;
    case VBOARD_EXT_FOREIGN:
        return &nor_chip_foreign;
    default:
        return board->wiring->qspi_flash.part;
    }
}

static void init_chip(struct vboard *board)
{
    const struct vboard_chip_registers *kept = &board->config.ext_registers;
    struct nor_chip *chip = &board->chip;

    nor_chip_init(chip, chip_part(board), &board->machine, &board->external);
    if (kept->is_known) {
        chip->status = kept->status;
        chip->status2 = kept->status2;
        chip->config[0] = kept->config;
    }
    switch (board->config.ext_flash) {
    case VBOARD_EXT_NONE:
    case VBOARD_EXT_NONE_LOW:
        chip->present = false;
        chip->absent_level = board->config.ext_flash == VBOARD_EXT_NONE ? ERASED : 0;
        break;
    case VBOARD_EXT_ASLEEP:
        nor_chip_begin_asleep(chip);
        break;
    case VBOARD_EXT_BUSY:
        nor_chip_begin_busy(chip);
        break;
    case VBOARD_EXT_4BYTE:
        nor_chip_begin_4byte(chip);
        break;
    case VBOARD_EXT_READING:
        nor_chip_begin_reading(chip);
        break;
    default:
        break;
    }
}

static void attach(struct vboard *board, struct periph *periph)
{
    board->apb[(periph->base - board->soc->apb) / PAGE] = periph;
}

static void init_counters(struct vboard *board)
{
    for (size_t i = 0; i < NRF_SOC_COUNTERS; i++) {
        const struct nrf_instance *at = &board->soc->counters[i].at;
        struct counter *counter = &board->counters[i];

        if (at->base != 0) {
            (board->soc->counters[i].is_rtc ? counter_init_rtc : counter_init_timer)(counter, &board->machine, at->name,
                                                                                     at->base, at->irq);
            attach(board, &counter->periph);
        }
    }
}

static void init_watchdogs(struct vboard *board)
{
    for (size_t i = 0; i < NRF_SOC_WDTS; i++) {
        const struct nrf_instance *at = &board->soc->wdt[i];

        if (at->base != 0) {
            wdt_init(&board->wdts[i], &board->machine, at->name, at->base, at->irq);
            attach(board, &board->wdts[i].periph);
        }
    }
}

static void init_plain(struct vboard *board)
{
    for (size_t i = 0; i < NRF_SOC_PLAIN; i++) {
        const struct nrf_instance *at = &board->soc->plain[i].at;

        if (at->base != 0) {
            periph_init(&board->plain[i], board->soc->plain[i].model, &board->machine, at->name, at->base, at->irq);
            attach(board, &board->plain[i]);
        }
    }
}

static void init_uartes(struct vboard *board)
{
    const struct uarte_wires console = {board, board->wiring->console_txd, board->wiring->console_rxd, console_sent};
    const struct uarte_wires unused = {board, ~0U, ~0U, ignore_sent};

    for (size_t i = 0; i < 2; i++) {
        const struct nrf_instance *at = &board->soc->uarte[i];

        uarte_init(&board->uarte[i], &board->machine, at->name, at->base, at->irq, i == 0 ? &console : &unused);
        attach(board, &board->uarte[i].periph);
    }
}

static void init_qspi(struct vboard *board)
{
    const struct nrf_instance *at = &board->soc->qspi;
    const struct qspi_wires flash = {
        &board->chip,
        board->wiring->qspi_flash.sck,
        board->wiring->qspi_flash.csn,
        {board->wiring->qspi_flash.io[0], board->wiring->qspi_flash.io[1], board->wiring->qspi_flash.io[2],
         board->wiring->qspi_flash.io[3]},
        chip_select,
        chip_shift,
        chip_deselect,
        chip_set_io3,
    };

    qspi_init(&board->qspi, &board->machine, at->name, at->base, at->irq,
              board->soc->qspi_has_divided_clock ? &board->power.periph : NULL, &flash);
    attach(board, &board->qspi.periph);
}

static void init_peripherals(struct vboard *board)
{
    const struct nrf_soc *soc = board->soc;
    struct machine *machine = &board->machine;

    power_init(&board->power, machine, soc->power_kind, soc->power.name, soc->power.base, soc->power.irq);
    attach(board, &board->power.periph);
    nvmc_init(&board->nvmc, machine, soc->nvmc_kind, soc->nvmc.base, &board->flash, &board->uicr, soc->uicr);
    attach(board, &board->nvmc.periph);
    gpio_init(&board->gpio[0], machine, "P0", soc->gpio + PORT0);
    gpio_init(&board->gpio[1], machine, "P1", soc->gpio + PORT1);
    if (soc->rng.base != 0) {
        rng_init(&board->rng, machine, soc->rng.name, soc->rng.base, soc->rng.irq);
        attach(board, &board->rng.periph);
    }
    init_qspi(board);
    init_uartes(board);
    init_counters(board);
    init_watchdogs(board);
    init_plain(board);
}

static void drive_buttons(struct vboard *board)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t pin = board->wiring->buttons[i];

        if ((board->config.pressed_buttons >> i & 1) != 0) {
            board->gpio[pin / 32].driven |= 1U << pin % 32;
        }
    }
}

static void reset_requested(void *ctx)
{
    struct vboard *board = ctx;

    machine_request_reset(&board->machine, RESET_SOFT);
}

static void locked_up(void *ctx)
{
    struct vboard *board = ctx;

    board_say(board, VBOARD_NARRATION, "processor lock-up: a fault inside HardFault, or no handler");
    machine_request_reset(&board->machine, RESET_LOCKUP);
}

static void fault_taken(void *ctx, unsigned exception)
{
    static const char *const names[] = {
        [V7M_HARD_FAULT] = "HardFault",
        [V7M_MEM_MANAGE] = "MemManage",
        [V7M_BUS_FAULT] = "BusFault",
        [V7M_USAGE_FAULT] = "UsageFault",
    };
    struct vboard *board = ctx;
    const struct v7m *v7m = &board->machine.v7m;
    char address[32] = "";

    if (exception > V7M_USAGE_FAULT) {
        return;
    }
    if (exception == V7M_MEM_MANAGE || exception == V7M_BUS_FAULT) {
        (void)snprintf(address, sizeof(address), ", address 0x%08x", (unsigned)board->machine.cpu.fault.addr);
    }
    board_say(board, VBOARD_NARRATION, "%s: CFSR 0x%08x%s, in the block at 0x%08x", names[exception],
              (unsigned)v7m->cfsr, address, (unsigned)board->machine.cpu.block);
}

static bool unmasked(void *ctx)
{
    const struct vboard *board = ctx;

    return v7m_unmasked(&board->machine.v7m);
}

static void init_processor(struct vboard *board)
{
    const struct cpu_bus bus = {board, board_read, board_write, board_store, board_judge, unmasked};
    const struct v7m_hooks hooks = {board, reset_requested, locked_up, fault_taken};
    const struct cpu_memory memory[] = {
        {CPU_ROM, 0, VBOARD_INTERNAL_SIZE, board->flash.data},
        {CPU_RAM, RAM_BASE, board->soc->ram_size, board->machine.ram},
        {CPU_ROM, board->soc->uicr, NVMC_UICR_SIZE, board->uicr.data},
        {CPU_ROM, board->soc->ficr, PAGE, board->ficr},
        {CPU_DEVICE, board->soc->apb, board->soc->apb_pages * PAGE, NULL},
        {CPU_DEVICE, board->soc->gpio, PAGE, NULL},
        {CPU_DEVICE, PPB_BASE, 0x100000U, NULL},
        {CPU_DEVICE, board->soc->xip, QSPI_XIP_SIZE, NULL},
    };

    cpu_init(&board->machine.cpu, board->soc->core, &board->machine.clock, &bus, memory,
             sizeof(memory) / sizeof(memory[0]));
    v7m_init(&board->machine.v7m, &board->machine.cpu, &board->machine.clock, &hooks);
}

void board_soc_init(struct vboard *board)
{
    struct machine *machine = &board->machine;

    machine->ram_base = RAM_BASE;
    machine->ram_size = board->soc->ram_size;
    machine->ram = aligned_alloc(PAGE, board->soc->ram_size);
    board->ficr = aligned_alloc(PAGE, PAGE);
    if (machine->ram == NULL || board->ficr == NULL) {
        abort();
    }
    fill_ficr(board->soc, board->ficr, machine->random);
    init_processor(board);
    init_peripherals(board);
    init_chip(board);
    drive_buttons(board);
}

void board_soc_free(struct vboard *board)
{
    cpu_free(&board->machine.cpu);
    power_free(&board->power);
    rng_free(&board->rng);
    for (size_t i = 0; i < NRF_SOC_COUNTERS; i++) {
        counter_free(&board->counters[i]);
    }
    for (size_t i = 0; i < NRF_SOC_WDTS; i++) {
        wdt_free(&board->wdts[i]);
    }
    for (size_t i = 0; i < NRF_SOC_PLAIN; i++) {
        periph_free(&board->plain[i]);
    }
    nvmc_free(&board->nvmc);
    qspi_free(&board->qspi);
    uarte_free(&board->uarte[0]);
    uarte_free(&board->uarte[1]);
    gpio_free(&board->gpio[0]);
    gpio_free(&board->gpio[1]);
    free(board->machine.ram);
    free(board->ficr);
}

/* The state that --ext-flash asks for is what an earlier life left; the first power-on does not clear it. */
static void power_on_chip(struct vboard *board)
{
    if (board->powered && nor_chip_is_busy(&board->chip)) {
        board_say(board, VBOARD_NARRATION, "the external chip was busy when power went: 0x%06x, %u bytes, is torn",
                  (unsigned)board->chip.job_off, (unsigned)board->chip.job_len);
    }
    if (board->powered) {
        nor_chip_power_on(&board->chip);
    }
}

/* Some of their registers live on over some resets. */
static bool resets_by_itself(const struct vboard *board, const struct periph *periph)
{
    return periph == &board->power.periph || periph == &board->wdts[0].periph || periph == &board->wdts[1].periph;
}

void board_soc_reset(struct vboard *board, enum reset_kind kind)
{
    struct machine *machine = &board->machine;

    if (kind == RESET_POWER_ON) {
        random_fill(&machine->random, machine->ram, machine->ram_size);
        power_on_chip(board);
    } else {
        qspi_stop(&board->qspi);
    }
    for (size_t i = 0; i < board->soc->apb_pages; i++) {
        if (board->apb[i] != NULL && !resets_by_itself(board, board->apb[i])) {
            periph_reset(board->apb[i], kind);
        }
    }
    for (size_t i = 0; i < NRF_SOC_WDTS && board->soc->wdt[i].base != 0; i++) {
        wdt_reset(&board->wdts[i], kind);
    }
    power_reset(&board->power, kind);
    periph_reset(&board->gpio[0].periph, kind);
    periph_reset(&board->gpio[1].periph, kind);
    cpu_restart(&machine->cpu);
    v7m_reset(&machine->v7m);
}

bool board_devices_work(const struct vboard *board)
{
    return uarte_is_working(&board->uarte[0]) || qspi_is_working(&board->qspi) || nor_chip_is_busy(&board->chip);
}

/* ---- the bus ---- */

/* The peripheral at an address, and the offset in it; NULL where there is none. */
static struct periph *periph_at(struct vboard *board, uint32_t addr, uint32_t *off)
{
    uint32_t page = (addr - board->soc->apb) / PAGE;

    *off = addr % PAGE;
    if (page < board->soc->apb_pages) {
        return board->apb[page];
    }
    if (*off >= PORT0 && *off < PORT1) {
        *off -= PORT0;
        return &board->gpio[0].periph;
    }
    if (*off >= PORT1 && *off < PORT1 + PORT_SIZE) {
        *off -= PORT1;
        return &board->gpio[1].periph;
    }
    return NULL;
}

uint32_t board_read(void *ctx, uint32_t addr, unsigned size)
{
    struct vboard *board = ctx;
    struct periph *periph;
    uint32_t off;
    uint32_t value;

    if (board->machine.power_lost) {
        return 0;
    }
    if (addr >= PPB_BASE) {
        return v7m_read(&board->machine.v7m, addr, size);
    }
    if (addr - board->soc->xip < QSPI_XIP_SIZE) {
        return qspi_xip_read(&board->qspi, addr - board->soc->xip, size);
    }
    periph = periph_at(board, addr, &off);
    if (periph == NULL) {
        machine_note(&board->machine, "nothing is modelled at 0x%08x; it reads 0", (unsigned)(addr & ~(PAGE - 1)));
        return 0;
    }
    value = periph_read(periph, off & ~3U) >> (8 * (off & 3));
    return size == 4 ? value : value & ((1U << (8 * size)) - 1);
}

void board_write(void *ctx, uint32_t addr, unsigned size, uint32_t value)
{
    struct vboard *board = ctx;
    struct periph *periph;
    uint32_t off;

    if (board->machine.power_lost) {
        return;
    }
    if (addr >= PPB_BASE) {
        v7m_write(&board->machine.v7m, addr, size, value);
        return;
    }
    if (addr - board->soc->xip < QSPI_XIP_SIZE) {
        machine_bug(&board->machine, "store to the execute-in-place window at 0x%08x", (unsigned)addr);
        return;
    }
    periph = periph_at(board, addr, &off);
    if (periph == NULL) {
        machine_note(&board->machine, "nothing is modelled at 0x%08x; writes do nothing",
                     (unsigned)(addr & ~(PAGE - 1)));
    } else if (size != 4 || off % 4 != 0) {
        machine_bug(&board->machine, "%u-byte write to %s at 0x%08x: peripherals take aligned words only", size,
                    periph->name, (unsigned)addr);
    } else {
        periph_write(periph, off, value);
    }
}

void board_store(void *ctx, uint32_t addr, unsigned size, uint32_t value)
{
    struct vboard *board = ctx;

    nvmc_store(&board->nvmc, addr, size, value);
}

enum cpu_verdict board_judge(void *ctx, enum cpu_access access, uint32_t addr, unsigned size)
{
    struct vboard *board = ctx;

    if (addr < VBOARD_INTERNAL_SIZE) {
        return acl_blocks(&board->nvmc.periph, ACL_READ, addr, size) ? CPU_DENIED_BY_BUS : CPU_ALLOWED;
    }
    return v7m_mpu_allows(&board->machine.v7m, access, addr, size) ? CPU_ALLOWED : CPU_DENIED_BY_MPU;
}
