/*
 * The Armv7-M memory protection unit (DDI 0403E, B3.5): who may do what where, as far as privileged code sees it. RAM
 * that may be written but not executed is not guarded, because that would slow down every access to it: execute-never
 * is enforced only beside a range that forbids writing.
 */
#include "vboard/v7m.h"

#define CTRL_ENABLE     1U
#define CTRL_HFNMIENA   2U
#define CTRL_PRIVDEFENA 4U
#define RASR_ENABLE     1U
#define RASR_XN         0x10000000U
#define SUBREGION_MIN   8 /* log2 of the smallest region that has subregions */

static bool region_contains(const struct v7m_mpu_region *region, uint32_t addr)
{
    unsigned log2_size = (region->attributes >> 1 & 31) + 1;
    uint32_t mask = log2_size >= 32 ? 0 : ~0U << log2_size;

    if ((region->attributes & RASR_ENABLE) == 0 || (addr & mask) != (region->base & mask)) {
        return false;
    }
    return log2_size < SUBREGION_MIN || (region->attributes >> (8 + (addr >> (log2_size - 3) & 7)) & 1) == 0;
}

static bool attributes_allow(uint32_t attributes, enum cpu_access access)
{
    unsigned permission = attributes >> 24 & 7;
    bool readable = permission != 0 && permission != 4;
    bool writable = permission >= 1 && permission <= 3;

    switch (access) {
    case CPU_WRITE:
        return writable;
    case CPU_FETCH:
        return readable && (attributes & RASR_XN) == 0;
    default:
        return readable;
    }
}

static bool byte_allowed(const struct v7m *v7m, enum cpu_access access, uint32_t addr)
{
    for (unsigned i = V7M_MPU_REGIONS; i-- > 0;) {
        if (region_contains(&v7m->mpu[i], addr)) {
            return attributes_allow(v7m->mpu[i].attributes, access);
        }
    }
    return (v7m->mpu_ctrl & CTRL_PRIVDEFENA) != 0;
}

bool v7m_mpu_allows(const struct v7m *v7m, enum cpu_access access, uint32_t addr, unsigned size)
{
    if ((v7m->mpu_ctrl & CTRL_ENABLE) == 0) {
        return true;
    }
    if ((v7m->mpu_ctrl & CTRL_HFNMIENA) == 0 && v7m_execution_priority(v7m) < 0) {
        return true;
    }
    for (unsigned i = 0; i < size; i++) {
        if (!byte_allowed(v7m, access, addr + i)) {
            return false;
        }
    }
    return true;
}

static bool region_restricts(const struct v7m_mpu_region *region, uint32_t addr, uint32_t len)
{
    unsigned log2_size = (region->attributes >> 1 & 31) + 1;
    uint64_t size = 1ULL << log2_size;
    uint64_t base = region->base & ~(size - 1);

    if ((region->attributes & RASR_ENABLE) == 0 || base >= (uint64_t)addr + len || base + size <= addr) {
        return false;
    }
    return !attributes_allow(region->attributes, CPU_WRITE);
}

static bool needs_guard(const struct v7m *v7m, uint32_t addr)
{
    if ((v7m->mpu_ctrl & CTRL_ENABLE) == 0) {
        return false;
    }
    for (unsigned i = 0; i < V7M_MPU_REGIONS; i++) {
        if (region_restricts(&v7m->mpu[i], addr, CPU_GUARD_SIZE)) {
            return true;
        }
    }
    return (v7m->mpu_ctrl & CTRL_PRIVDEFENA) == 0;
}

void v7m_mpu_apply(struct v7m *v7m, uint32_t ram_base, uint32_t ram_size)
{
    for (uint32_t off = 0; off < ram_size; off += CPU_GUARD_SIZE) {
        cpu_guard(v7m->cpu, ram_base + off, CPU_GUARD_SIZE, needs_guard(v7m, ram_base + off));
    }
    v7m->mpu_changed = false;
}
