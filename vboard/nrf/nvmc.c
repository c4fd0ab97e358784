#include "vboard/nrf/nvmc.h"

#include <stddef.h>
#include <string.h>

#include "vboard/nrf/acl.h"

#define PAGE                 4096U
#define RAM_BASE             0x20000000U
#define ERASEALL_NS          169000000U /* tERASEALL of the nRF52840 (general knowledge of the product specification) */
#define CONFIG_WRITE         1U
#define CONFIG_ERASE         2U
#define CONFIG_PARTIAL_ERASE 4U /* nRF53 only */
#define ERASED_WORD          0xffffffffU

enum {
    READY = 0x400,
    READYNEXT = 0x408,
    CONFIG = 0x504,
    ERASEPAGE = 0x508,
    ERASEALL = 0x50c,
    ERASEUICR = 0x514,
    ERASEPAGEPARTIAL = 0x518,
    ERASEPAGEPARTIALCFG = 0x51c,
    ICACHECNF = 0x540,
    IMISS = 0x54c,
    CONFIGNS = 0x584,
    WRITEUICRNS = 0x588,
};

static const struct periph_row nrf52_rows[] = {
    {READY, READY, PERIPH_READ_ONLY, 0, 1},
    {READYNEXT, READYNEXT, PERIPH_READ_ONLY, 0, 1},
    {CONFIG, CONFIG, PERIPH_READ_WRITE, 3, 0},
    {ERASEPAGE, ERASEALL, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {ERASEUICR, ERASEPAGEPARTIAL, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {ERASEPAGEPARTIALCFG, ERASEPAGEPARTIALCFG, PERIPH_READ_WRITE, 0x7f, 10},
    {ICACHECNF, ICACHECNF, PERIPH_READ_WRITE, 0x101, 0},
    {ICACHECNF + 8, IMISS, PERIPH_READ_WRITE, 0xffffffffU, 0},
    ACL_ROW,
};

/* Pages are erased by a store. What non-secure code may do is kept, not obeyed. */
static const struct periph_row nrf53_rows[] = {
    {READY, READY, PERIPH_READ_ONLY, 0, 1},
    {READYNEXT, READYNEXT, PERIPH_READ_ONLY, 0, 1},
    {CONFIG, CONFIG, PERIPH_READ_WRITE, 7, 0},
    {ERASEALL, ERASEALL, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {ERASEPAGEPARTIALCFG, ERASEPAGEPARTIALCFG, PERIPH_READ_WRITE, 0x7f, 10},
    {CONFIGNS, WRITEUICRNS, PERIPH_READ_WRITE, 0xffffffffU, 0},
};

struct nvmc_kind {
    const struct periph_model *model;
    uint32_t erase_ms;    /* tERASEPAGE, for partial erases */
    bool erases_by_store; /* of all ones to a page's first word */
};

static const struct flash_range uicr_ranges[] = {{0, NVMC_UICR_SIZE, 1}};
static const struct nor_erase_time uicr_erase[] = {{NVMC_UICR_SIZE, 85000000U}};
const struct nor_config nvmc_uicr_part = {
    .name = "uicr",
    .geometry = {NVMC_UICR_SIZE, 4, 0xff, 1, uicr_ranges},
    .max_programs = 2,
    .timing = {4, 41000, 0, 41000, uicr_erase, 1},
};

static struct nvmc *of(struct periph *periph)
{
    return (struct nvmc *)(void *)((char *)periph - offsetof(struct nvmc, periph));
}

static bool busy(const struct nvmc *nvmc)
{
    return nvmc->periph.machine->clock.now < nvmc->busy_until;
}

/* The processor stands still while it executes from flash; from RAM it goes on and READY tells. */
static void take_time(struct nvmc *nvmc, uint64_t ns)
{
    struct machine *machine = nvmc->periph.machine;
    struct stats_device *stats = &stats_now(machine->stats)->internal;
    uint64_t begin = machine->clock.now;
    uint64_t ticks = sim_ticks_from_ns(ns);

    stats->busy += ticks;
    stats_flash_busy(machine->stats, begin, begin + ticks);
    if (machine->cpu.block >= RAM_BASE) {
        nvmc->busy_until = begin + ticks;
        return;
    }
    stats->stall += ticks;
    machine_stall(machine, ns);
}

/* A byte of all ones asks for nothing: that is how one byte of a word is programmed. */
static bool bits_would_rise(uint32_t old, uint32_t value)
{
    for (unsigned lane = 0; lane < 32; lane += 8) {
        uint32_t wanted = value >> lane & 0xffU;

        if (wanted != 0xffU && (wanted & ~(old >> lane)) != 0) {
            return true;
        }
    }
    return false;
}

static void refuse(struct nvmc *nvmc, uint32_t addr)
{
    cpu_raise_fault(&nvmc->periph.machine->cpu, CPU_WRITE, addr);
}

static bool store_is_legal(struct nvmc *nvmc, uint32_t addr, unsigned size)
{
    struct machine *machine = nvmc->periph.machine;
    uint32_t config = PERIPH_REG(&nvmc->periph, CONFIG);

    if (config != CONFIG_WRITE) {
        machine_bug(machine, "store to flash at 0x%x without write enable (NVMC.CONFIG is %u)", (unsigned)addr,
                    (unsigned)config);
        return false;
    }
    if (size != 4 || addr % 4 != 0) {
        machine_bug(machine, "%u-byte store to flash at 0x%x: the NVMC takes aligned words only", size, (unsigned)addr);
        return false;
    }
    if (busy(nvmc)) {
        machine_bug(machine, "store to flash at 0x%x while the NVMC is busy", (unsigned)addr);
        return false;
    }
    return true;
}

static void program_word(struct nvmc *nvmc, struct nor_model *model, uint32_t off, uint32_t addr, uint32_t value)
{
    struct machine *machine = nvmc->periph.machine;
    struct stats_device *stats = &stats_now(machine->stats)->internal;
    uint32_t old;
    uint32_t seed;
    enum flash_fate fate;
    int err;

    memcpy(&old, model->data + off, 4);
    if (bits_would_rise(old, value)) {
        machine_bug(machine, "program of 0x%08x over 0x%08x at 0x%x: programming cannot set bits", (unsigned)value,
                    (unsigned)old, (unsigned)addr);
    }
    fate = machine_flash_operation(machine, OP_INT_PROGRAM, addr, 4, &seed);
    if (fate == FLASH_NOT_STARTED) {
        return;
    }
    value &= old;
    err = fate == FLASH_TORN ? nor_model_program_torn(model, off, &value, 4, seed)
                             : nor_model_program(model, off, &value, 4);
    if (err != OK) {
        machine_bug(machine, "%s", model->violation);
    }
    cpu_memory_changed(&machine->cpu, addr, 4);
    stats->programs++;
    stats->programmed_bytes += 4;
    take_time(nvmc, nor_model_program_ns(model->config, off, 4));
}

/* Where a model's first byte is on the bus. */
static uint32_t base_of(const struct nvmc *nvmc, const struct nor_model *model)
{
    return model == nvmc->uicr ? nvmc->uicr_base : 0;
}

static void do_erase(struct nvmc *nvmc, struct nor_model *model, uint32_t off, uint32_t len, bool torn, uint32_t seed)
{
    int err = torn ? nor_model_erase_torn(model, off, len, seed) : nor_model_erase(model, off, len);

    if (err != OK) {
        machine_bug(nvmc->periph.machine, "%s", model->violation);
    }
    cpu_memory_changed(&nvmc->periph.machine->cpu, base_of(nvmc, model) + off, len);
}

/* A reset in the middle of an erase (a watchdog's) leaves it torn. */
static void erase(struct nvmc *nvmc, struct nor_model *model, uint32_t off, uint32_t len, uint64_t ns)
{
    struct machine *machine = nvmc->periph.machine;
    struct stats_device *stats = &stats_now(machine->stats)->internal;
    bool was_pending = machine->reset_pending;
    uint32_t seed;
    enum flash_fate fate = machine_flash_operation(machine, OP_INT_ERASE, base_of(nvmc, model) + off, len, &seed);

    if (fate == FLASH_NOT_STARTED) {
        return;
    }
    stats->erases++;
    stats->erased_bytes += len;
    if (fate == FLASH_DONE) {
        take_time(nvmc, ns);
    }
    do_erase(nvmc, model, off, len, fate == FLASH_TORN || machine->reset_pending != was_pending, seed);
}

static bool erase_is_legal(struct nvmc *nvmc, const char *what, uint32_t mode, uint32_t addr)
{
    struct machine *machine = nvmc->periph.machine;

    if (PERIPH_REG(&nvmc->periph, CONFIG) != mode) {
        machine_bug(machine, "%s of 0x%x without erase enable (NVMC.CONFIG is %u)", what, (unsigned)addr,
                    (unsigned)PERIPH_REG(&nvmc->periph, CONFIG));
        return false;
    }
    if (busy(nvmc)) {
        machine_bug(machine, "%s of 0x%x while the NVMC is busy", what, (unsigned)addr);
        return false;
    }
    return true;
}

static bool page_is_legal(struct nvmc *nvmc, const char *what, uint32_t mode, uint32_t addr)
{
    if (!erase_is_legal(nvmc, what, mode, addr)) {
        return false;
    }
    if (addr % PAGE != 0 || addr >= nvmc->flash->config->geometry.size) {
        machine_bug(nvmc->periph.machine, "%s of 0x%x, which is not the address of a page", what, (unsigned)addr);
        return false;
    }
    if (acl_blocks(&nvmc->periph, ACL_WRITE, addr, PAGE)) {
        refuse(nvmc, addr);
        return false;
    }
    return true;
}

static void erase_page(struct nvmc *nvmc, uint32_t addr)
{
    if (page_is_legal(nvmc, "ERASEPAGE", CONFIG_ERASE, addr)) {
        erase(nvmc, nvmc->flash, addr, PAGE, nor_model_erase_ns(nvmc->flash->config, PAGE));
    }
}

/* Steps of a few milliseconds each; the page is erased when they add up. Each step counts as an operation. */
static void erase_page_partially(struct nvmc *nvmc, uint32_t mode, uint32_t addr)
{
    struct machine *machine = nvmc->periph.machine;
    uint32_t step = PERIPH_REG(&nvmc->periph, ERASEPAGEPARTIALCFG);
    uint32_t seed;

    if (!page_is_legal(nvmc, "ERASEPAGEPARTIAL", mode, addr)) {
        return;
    }
    nvmc->partial_ms = nvmc->partial_page == addr ? nvmc->partial_ms + step : step;
    nvmc->partial_page = addr;
    if (nvmc->partial_ms >= nvmc->kind->erase_ms) {
        nvmc->partial_ms = 0;
        erase(nvmc, nvmc->flash, addr, PAGE, (uint64_t)step * 1000000U);
    } else if (machine_flash_operation(machine, OP_INT_ERASE, addr, PAGE, &seed) != FLASH_NOT_STARTED) {
        do_erase(nvmc, nvmc->flash, addr, PAGE, true, (uint32_t)random_next(&machine->random));
        take_time(nvmc, (uint64_t)step * 1000000U);
    }
}

static bool store_erases(const struct nvmc *nvmc)
{
    uint32_t config = PERIPH_REG(&nvmc->periph, CONFIG);

    return nvmc->kind->erases_by_store && (config == CONFIG_ERASE || config == CONFIG_PARTIAL_ERASE);
}

static void erase_by_store(struct nvmc *nvmc, uint32_t addr, unsigned size, uint32_t value)
{
    if (size != 4 || value != ERASED_WORD) {
        machine_bug(nvmc->periph.machine,
                    "store of 0x%x to 0x%x with erase enable: all ones to a page's first word erase it",
                    (unsigned)value, (unsigned)addr);
    } else if (PERIPH_REG(&nvmc->periph, CONFIG) == CONFIG_ERASE) {
        erase_page(nvmc, addr);
    } else {
        erase_page_partially(nvmc, CONFIG_PARTIAL_ERASE, addr);
    }
}

void nvmc_store(struct nvmc *nvmc, uint32_t addr, unsigned size, uint32_t value)
{
    struct machine *machine = nvmc->periph.machine;
    bool in_uicr = addr - nvmc->uicr_base < NVMC_UICR_SIZE;
    struct nor_model *model = in_uicr ? nvmc->uicr : nvmc->flash;
    uint32_t off = in_uicr ? addr - nvmc->uicr_base : addr;

    if (machine->power_lost) {
        return;
    }
    if (off >= model->config->geometry.size) {
        refuse(nvmc, addr); /* FICR */
        return;
    }
    if (store_erases(nvmc)) {
        erase_by_store(nvmc, addr, size, value);
        return;
    }
    if (!store_is_legal(nvmc, addr, size) || acl_blocks(&nvmc->periph, ACL_WRITE, addr, size)) {
        refuse(nvmc, addr);
        return;
    }
    program_word(nvmc, model, off, addr, value);
}

static void erase_all(struct nvmc *nvmc)
{
    uint32_t size = nvmc->flash->config->geometry.size;

    if (!erase_is_legal(nvmc, "ERASEALL", CONFIG_ERASE, 0)) {
        return;
    }
    if (acl_blocks(&nvmc->periph, ACL_WRITE, 0, size)) {
        refuse(nvmc, 0);
        return;
    }
    erase(nvmc, nvmc->flash, 0, size, ERASEALL_NS);
    erase(nvmc, nvmc->uicr, 0, NVMC_UICR_SIZE, 0);
}

static void written(struct periph *periph, uint32_t off, uint32_t old)
{
    struct nvmc *nvmc = of(periph);
    uint32_t value = PERIPH_REG(periph, off);

    if (off >= ACL_FIRST) {
        acl_written(periph, off, old);
        nvmc->acl_changed = true;
        sim_clock_stop_soon(&periph->machine->clock);
    } else if (off == ERASEPAGE) {
        erase_page(nvmc, value);
    } else if (off == ERASEPAGEPARTIAL) {
        erase_page_partially(nvmc, CONFIG_ERASE, value);
    } else if (off == ERASEALL && value == 1) {
        erase_all(nvmc);
    } else if (off == ERASEUICR && value == 1 && erase_is_legal(nvmc, "ERASEUICR", CONFIG_ERASE, nvmc->uicr_base)) {
        erase(nvmc, nvmc->uicr, 0, NVMC_UICR_SIZE, nor_model_erase_ns(nvmc->uicr->config, NVMC_UICR_SIZE));
    }
}

static uint32_t read_register(struct periph *periph, uint32_t off, uint32_t stored)
{
    return off == READY || off == READYNEXT ? !busy(of(periph)) : stored;
}

static void reset(struct periph *periph, enum reset_kind kind)
{
    struct nvmc *nvmc = of(periph);

    (void)kind;
    nvmc->busy_until = 0;
    nvmc->partial_ms = 0;
    nvmc->acl_changed = false;
}

#define MODEL(table)                                                                                                   \
    {                                                                                                                  \
        .name = "NVMC", .rows = (table), .row_count = sizeof(table) / sizeof((table)[0]), .reset = reset,              \
        .written = written, .read = read_register                                                                      \
    }
static const struct periph_model nrf52_model = MODEL(nrf52_rows);
static const struct periph_model nrf53_model = MODEL(nrf53_rows);

const struct nvmc_kind nvmc_kind_nrf52 = {&nrf52_model, 85, false};
const struct nvmc_kind nvmc_kind_nrf53 = {&nrf53_model, 88, true};

void nvmc_init(struct nvmc *nvmc, struct machine *machine, const struct nvmc_kind *kind, uint32_t base,
               struct nor_model *flash, struct nor_model *uicr, uint32_t uicr_base)
{
    *nvmc = (struct nvmc){.kind = kind, .flash = flash, .uicr = uicr, .uicr_base = uicr_base};
    periph_init(&nvmc->periph, kind->model, machine, "NVMC", base, -1);
}

void nvmc_free(struct nvmc *nvmc)
{
    periph_free(&nvmc->periph);
}
