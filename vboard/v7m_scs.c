/* The registers of the private peripheral bus: system control space, NVIC, SysTick, MPU, cycle counter. */
#include <stddef.h>
#include <string.h>

#include "vboard/v7m.h"

#define BIT(n)        (1ULL << (n))
#define DWT_BASE      0xe0001000U
#define DWT_CYCCNT    0xe0001004U
#define SCS_BASE      0xe000e000U
#define NVIC_ISER     0xe000e100U
#define NVIC_ICER     0xe000e180U
#define NVIC_ISPR     0xe000e200U
#define NVIC_ICPR     0xe000e280U
#define NVIC_IABR     0xe000e300U
#define NVIC_IPR      0xe000e400U
#define SYST_CSR      0xe000e010U
#define SYST_RVR      0xe000e014U
#define SYST_CVR      0xe000e018U
#define SCB_CPUID     0xe000ed00U
#define SCB_ICSR      0xe000ed04U
#define SCB_AIRCR     0xe000ed0cU
#define SCB_SHPR1     0xe000ed18U
#define SCB_SHCSR     0xe000ed24U
#define MPU_TYPE      0xe000ed90U
#define MPU_CTRL      0xe000ed94U
#define MPU_RNR       0xe000ed98U
#define MPU_RBAR      0xe000ed9cU
#define MPU_END       0xe000edbcU
#define SCB_STIR      0xe000ef00U
#define IRQ_COUNT     48U
#define AIRCR_KEY     0x05faU
#define AIRCR_READ    0xfa050000U
#define CPUID_M4      0x410fc241U /* r0p1 */
#define CPUID_M33     0x410fd214U /* r0p4 */
#define TRCENA        0x01000000U
#define PRIORITY_BITS 0xe0U

/* Registers that are just kept. Write-one-to-clear where `clears`. */
struct plain {
    uint32_t addr;
    uint32_t offset;
    uint32_t writable;
    bool clears;
};
static const struct plain plains[] = {
    {0xe000ed08U, offsetof(struct v7m, vtor), 0xffffff80U, false},
    {0xe000ed10U, offsetof(struct v7m, scr), 0x16, false},
    {0xe000ed14U, offsetof(struct v7m, ccr), 0x31b, false},
    {0xe000ed28U, offsetof(struct v7m, cfsr), 0xffffffffU, true},
    {0xe000ed2cU, offsetof(struct v7m, hfsr), 0xffffffffU, true},
    {0xe000ed30U, offsetof(struct v7m, dfsr), 0xffffffffU, true},
    {0xe000ed34U, offsetof(struct v7m, mmfar), 0xffffffffU, false},
    {0xe000ed38U, offsetof(struct v7m, bfar), 0xffffffffU, false},
    {0xe000ed3cU, offsetof(struct v7m, afsr), 0xffffffffU, true},
    {0xe000ed88U, offsetof(struct v7m, cpacr), 0x00f00000U, false},
    {0xe000edfcU, offsetof(struct v7m, demcr), 0xffffffffU, false},
    {0xe000ef34U, offsetof(struct v7m, fpccr), 0xffffffffU, false},
    {0xe000ef38U, offsetof(struct v7m, fpcar), 0xfffffff8U, false},
    {0xe000ef3cU, offsetof(struct v7m, fpdscr), 0x07c00000U, false},
};

static uint32_t *plain_register(struct v7m *v7m, const struct plain *plain)
{
    return (uint32_t *)(void *)((uint8_t *)v7m + plain->offset);
}

static const struct plain *find_plain(uint32_t addr)
{
    for (size_t i = 0; i < sizeof(plains) / sizeof(plains[0]); i++) {
        if (plains[i].addr == addr) {
            return &plains[i];
        }
    }
    return NULL;
}

static bool counting(const struct v7m *v7m)
{
    return (v7m->demcr & TRCENA) != 0 && (v7m->dwt_ctrl & 1) != 0;
}

static uint32_t cycles(const struct v7m *v7m)
{
    return counting(v7m) ? (uint32_t)(v7m->clock->now - v7m->cycle_base) : v7m->cycle_stopped;
}

static void set_cycles(struct v7m *v7m, uint32_t value)
{
    v7m->cycle_base = v7m->clock->now - value;
    v7m->cycle_stopped = value;
}

/* Keeps CYCCNT's value over a change of what makes it count. */
static void write_dwt(struct v7m *v7m, uint32_t *reg, uint32_t value)
{
    uint32_t now = cycles(v7m);

    *reg = value;
    set_cycles(v7m, now);
}

static uint32_t systick_value(const struct v7m *v7m)
{
    uint64_t passed = v7m->clock->now - v7m->systick_base;

    if ((v7m->systick_ctrl & 1) == 0 || passed > v7m->systick_load) {
        return 0;
    }
    return v7m->systick_load - (uint32_t)passed;
}

static void restart_systick(struct v7m *v7m)
{
    v7m->systick_base = v7m->clock->now;
    if ((v7m->systick_ctrl & 1) != 0 && v7m->systick_load != 0) {
        sim_timer_set(v7m->clock, &v7m->systick, v7m->clock->now + v7m->systick_load + 1);
    } else {
        sim_timer_stop(v7m->clock, &v7m->systick);
    }
}

static uint32_t read_systick(struct v7m *v7m, uint32_t addr)
{
    uint32_t value;

    switch (addr) {
    case SYST_CSR:
        value = v7m->systick_ctrl;
        v7m->systick_ctrl &= ~(1U << 16);
        return value;
    case SYST_RVR:
        return v7m->systick_load;
    case SYST_CVR:
        return systick_value(v7m);
    default:
        return 0xc0000000U; /* CALIB: no reference clock, no calibration value */
    }
}

static void write_systick(struct v7m *v7m, uint32_t addr, uint32_t value)
{
    bool was_on = (v7m->systick_ctrl & 1) != 0;

    switch (addr) {
    case SYST_CSR:
        v7m->systick_ctrl = (v7m->systick_ctrl & 1U << 16) | (value & 7);
        if (was_on != ((value & 1) != 0)) {
            restart_systick(v7m);
        }
        break;
    case SYST_RVR:
        v7m->systick_load = value & 0xffffffU;
        break;
    case SYST_CVR:
        v7m->systick_ctrl &= ~(1U << 16);
        restart_systick(v7m);
        break;
    default:
        break;
    }
}

static uint32_t interrupt_word(uint64_t set, uint32_t index)
{
    return (uint32_t)(set >> V7M_IRQ0 >> (32 * index & 63));
}

static uint32_t read_nvic(const struct v7m *v7m, uint32_t addr)
{
    uint32_t index = (addr & 0x7fU) / 4;

    if (index > 1) {
        return 0;
    }
    switch (addr & ~0x7fU) {
    case NVIC_ISER:
    case NVIC_ICER:
        return interrupt_word(v7m->enabled, index);
    case NVIC_ISPR:
    case NVIC_ICPR:
        return interrupt_word(v7m->pending, index);
    case NVIC_IABR:
        return interrupt_word(v7m->active, index);
    default:
        return 0;
    }
}

static void write_nvic(struct v7m *v7m, uint32_t addr, uint32_t value)
{
    uint32_t index = (addr & 0x7fU) / 4;
    uint64_t bits = index > 1 ? 0 : (uint64_t)value << V7M_IRQ0 << (32 * index & 63);

    switch (addr & ~0x7fU) {
    case NVIC_ISER:
        v7m->enabled |= bits;
        break;
    case NVIC_ICER:
        v7m->enabled &= ~bits;
        break;
    case NVIC_ISPR:
        v7m->pending |= bits;
        break;
    case NVIC_ICPR:
        v7m->pending &= ~(bits & ~v7m->lines);
        break;
    default:
        break;
    }
    sim_clock_stop_soon(v7m->clock);
}

/* Priority registers may be accessed by byte, halfword and word. */
static uint32_t read_bytes(const uint8_t *bytes, unsigned size)
{
    uint32_t value = 0;

    memcpy(&value, bytes, size);
    return value;
}

static void write_bytes(struct v7m *v7m, uint8_t *bytes, unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i)) & PRIORITY_BITS;
    }
    sim_clock_stop_soon(v7m->clock);
}

/* The exception whose priority byte an address is, or 0. */
static unsigned priority_at(uint32_t addr, unsigned size)
{
    if (addr >= NVIC_IPR && addr + size <= NVIC_IPR + IRQ_COUNT) {
        return V7M_IRQ0 + (addr - NVIC_IPR);
    }
    if (addr >= SCB_SHPR1 && addr + size <= SCB_SHPR1 + 12) {
        return V7M_MEM_MANAGE + (addr - SCB_SHPR1);
    }
    return 0;
}

static uint32_t read_icsr(const struct v7m *v7m)
{
    uint32_t active = cpu_get(v7m->cpu, CPU_IPSR) & 0x1ffU;

    return active | v7m_most_urgent(v7m) << 12 | (v7m->pending >> V7M_IRQ0 != 0 ? 1U << 22 : 0) |
           ((v7m->pending & BIT(V7M_SYSTICK)) != 0 ? 1U << 26 : 0) |
           ((v7m->pending & BIT(V7M_PENDSV)) != 0 ? 1U << 28 : 0);
}

static void write_icsr(struct v7m *v7m, uint32_t value)
{
    static const struct {
        unsigned bit;
        unsigned exception;
        bool sets;
    } rows[] = {{31, V7M_NMI, true},
                {28, V7M_PENDSV, true},
                {27, V7M_PENDSV, false},
                {26, V7M_SYSTICK, true},
                {25, V7M_SYSTICK, false}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if ((value >> rows[i].bit & 1) == 0) {
            continue;
        }
        if (rows[i].sets) {
            v7m_pend(v7m, rows[i].exception);
        } else {
            v7m->pending &= ~BIT(rows[i].exception);
        }
    }
}

static void write_aircr(struct v7m *v7m, uint32_t value)
{
    if (value >> 16 != AIRCR_KEY) {
        return;
    }
    v7m->prigroup = value >> 8 & 7;
    if ((value & 4) != 0) {
        v7m->hooks.reset_requested(v7m->hooks.ctx);
    }
}

/* SHCSR: which exception is at which bit of enable and active. */
static const struct {
    unsigned bit;
    unsigned exception;
} shcsr_enable[] = {{16, V7M_MEM_MANAGE}, {17, V7M_BUS_FAULT}, {18, V7M_USAGE_FAULT}},
  shcsr_active[] = {{0, V7M_MEM_MANAGE}, {1, V7M_BUS_FAULT}, {3, V7M_USAGE_FAULT},
                    {7, V7M_SVCALL},     {10, V7M_PENDSV},   {11, V7M_SYSTICK}};

static uint32_t read_shcsr(const struct v7m *v7m)
{
    uint32_t value = 0;

    for (size_t i = 0; i < sizeof(shcsr_enable) / sizeof(shcsr_enable[0]); i++) {
        value |= (v7m->enabled & BIT(shcsr_enable[i].exception)) != 0 ? 1U << shcsr_enable[i].bit : 0;
    }
    for (size_t i = 0; i < sizeof(shcsr_active) / sizeof(shcsr_active[0]); i++) {
        value |= (v7m->active & BIT(shcsr_active[i].exception)) != 0 ? 1U << shcsr_active[i].bit : 0;
    }
    return value;
}

static void write_shcsr(struct v7m *v7m, uint32_t value)
{
    for (size_t i = 0; i < sizeof(shcsr_enable) / sizeof(shcsr_enable[0]); i++) {
        uint64_t bit = BIT(shcsr_enable[i].exception);

        v7m->enabled = (value >> shcsr_enable[i].bit & 1) != 0 ? v7m->enabled | bit : v7m->enabled & ~bit;
    }
}

static bool has_mpu(const struct v7m *v7m)
{
    return v7m->cpu->core == CPU_CORTEX_M4;
}

static uint32_t read_mpu(const struct v7m *v7m, uint32_t addr)
{
    if (!has_mpu(v7m)) {
        return 0;
    }
    switch (addr) {
    case MPU_TYPE:
        return V7M_MPU_REGIONS << 8;
    case MPU_CTRL:
        return v7m->mpu_ctrl;
    case MPU_RNR:
        return v7m->mpu_number;
    default:
        return (addr & 4) != 0 ? v7m->mpu[v7m->mpu_number].base | v7m->mpu_number
                               : v7m->mpu[v7m->mpu_number].attributes;
    }
}

static void write_mpu(struct v7m *v7m, uint32_t addr, uint32_t value)
{
    v7m->mpu_changed = true;
    sim_clock_stop_soon(v7m->clock);
    if (addr == MPU_CTRL) {
        v7m->mpu_ctrl = value & 7;
    } else if (addr == MPU_RNR) {
        v7m->mpu_number = value % V7M_MPU_REGIONS;
    } else if ((addr & 4) == 0) { /* RASR and its aliases */
        v7m->mpu[v7m->mpu_number].attributes = value;
    } else {
        v7m->mpu_number = (value & 16) != 0 ? value % V7M_MPU_REGIONS : v7m->mpu_number;
        v7m->mpu[v7m->mpu_number].base = value & ~31U;
    }
}

static uint32_t read_scs(struct v7m *v7m, uint32_t addr)
{
    const struct plain *plain = find_plain(addr);

    if (plain != NULL) {
        return *plain_register(v7m, plain);
    }
    if (addr >= NVIC_ISER && addr < NVIC_IPR) {
        return read_nvic(v7m, addr);
    }
    if (addr >= SYST_CSR && addr <= SYST_CVR + 4) {
        return read_systick(v7m, addr);
    }
    if (addr >= MPU_TYPE && addr < MPU_END) {
        return read_mpu(v7m, addr);
    }
    switch (addr) {
    case SCB_CPUID:
        return v7m->cpu->core == CPU_CORTEX_M33 ? CPUID_M33 : CPUID_M4;
    case SCB_ICSR:
        return read_icsr(v7m);
    case SCB_AIRCR:
        return AIRCR_READ | v7m->prigroup << 8;
    case SCB_SHCSR:
        return read_shcsr(v7m);
    case DWT_BASE:
        return v7m->dwt_ctrl | 0x40000000U;
    case DWT_CYCCNT:
        return cycles(v7m);
    default:
        return 0;
    }
}

uint32_t v7m_read(struct v7m *v7m, uint32_t addr, unsigned size)
{
    unsigned exception = priority_at(addr, size);
    uint32_t word;

    if (exception != 0) {
        return read_bytes(&v7m->priority[exception], size);
    }
    word = read_scs(v7m, addr & ~3U) >> (8 * (addr & 3));
    return size == 4 ? word : word & ((1U << (8 * size)) - 1);
}

static void write_plain(struct v7m *v7m, const struct plain *plain, uint32_t value)
{
    uint32_t *reg = plain_register(v7m, plain);

    if (plain->clears) {
        *reg &= ~value;
    } else if (reg == &v7m->demcr) {
        write_dwt(v7m, reg, value);
    } else {
        *reg = value & plain->writable;
    }
}

static void write_scs(struct v7m *v7m, uint32_t addr, uint32_t value)
{
    switch (addr) {
    case SCB_ICSR:
        write_icsr(v7m, value);
        break;
    case SCB_AIRCR:
        write_aircr(v7m, value);
        break;
    case SCB_SHCSR:
        write_shcsr(v7m, value);
        break;
    case SCB_STIR:
        if ((value & 0x1ffU) < IRQ_COUNT) {
            v7m_pend(v7m, V7M_IRQ0 + (value & 0x1ffU));
        }
        break;
    case DWT_BASE:
        write_dwt(v7m, &v7m->dwt_ctrl, value & 0x0fffffffU);
        break;
    case DWT_CYCCNT:
        set_cycles(v7m, value);
        break;
    default:
        break;
    }
}

void v7m_write(struct v7m *v7m, uint32_t addr, unsigned size, uint32_t value)
{
    unsigned exception = priority_at(addr, size);
    const struct plain *plain = find_plain(addr);

    if (exception != 0) {
        write_bytes(v7m, &v7m->priority[exception], size, value);
    } else if (size != 4 && plain != NULL && plain->clears) {
        write_plain(v7m, plain, value);
    } else if (size != 4) {
        return; /* the other registers take words only */
    } else if (plain != NULL) {
        write_plain(v7m, plain, value);
    } else if (addr >= NVIC_ISER && addr < NVIC_IPR) {
        write_nvic(v7m, addr, value);
    } else if (addr >= SYST_CSR && addr <= SYST_CVR + 4) {
        write_systick(v7m, addr, value);
    } else if (addr >= MPU_CTRL && addr < MPU_END) {
        if (has_mpu(v7m)) {
            write_mpu(v7m, addr, value);
        }
    } else {
        write_scs(v7m, addr, value);
    }
}
