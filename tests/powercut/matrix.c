/* What scenarios are multiplied by: geometries and sizes of images. */
#include "tests/powercut/scenario.h"

#define KIB 1024U

const struct world_geometry geometries[] = {
    {"4K-4-1", {{4, 2, 0xff, {{4 * KIB, 16}}}, {1, 0, 0xff, {{4 * KIB, 16}}}}, {4 * KIB, 2}, WORLD_INTERNAL},
    {"4K-4-4", {{4, 2, 0xff, {{4 * KIB, 16}}}, {4, 0, 0xff, {{4 * KIB, 17}}}}, {4 * KIB, 1}, WORLD_EXTERNAL},
    {"4K-8-1", {{8, 1, 0xff, {{4 * KIB, 16}}}, {1, 0, 0xff, {{4 * KIB, 16}}}}, {4 * KIB, 4}, WORLD_EXTERNAL},
    {"4K-16-16", {{16, 1, 0xff, {{4 * KIB, 16}}}, {16, 1, 0xff, {{4 * KIB, 16}}}}, {4 * KIB, 2}, WORLD_INTERNAL},
    {"4K-32-1", {{32, 1, 0xff, {{4 * KIB, 16}}}, {1, 0, 0xff, {{4 * KIB, 17}}}}, {8 * KIB, 1}, WORLD_INTERNAL},
    {"4K-128-1", {{128, 1, 0xff, {{4 * KIB, 16}}}, {1, 0, 0xff, {{4 * KIB, 16}}}}, {4 * KIB, 2}, WORLD_INTERNAL},
    {"4K-256-1", {{256, 0, 0xff, {{4 * KIB, 16}}}, {1, 0, 0xff, {{4 * KIB, 16}}}}, {4 * KIB, 2}, WORLD_INTERNAL},
    {"1K-1-8", {{1, 0, 0xff, {{1 * KIB, 32}}}, {8, 1, 0xff, {{1 * KIB, 32}}}}, {1 * KIB, 3}, WORLD_INTERNAL},
    {"1K-32-1", {{32, 1, 0xff, {{1 * KIB, 40}}}, {1, 0, 0xff, {{1 * KIB, 40}}}}, {4 * KIB, 1}, WORLD_INTERNAL},
    {"2K-8-1", {{8, 1, 0xff, {{2 * KIB, 24}}}, {1, 0, 0xff, {{4 * KIB, 12}}}}, {4 * KIB, 1}, WORLD_INTERNAL},
    {"zero-8-8", {{8, 1, 0x00, {{2 * KIB, 24}}}, {8, 1, 0x00, {{2 * KIB, 24}}}}, {2 * KIB, 2}, WORLD_INTERNAL},
    {"4K-64K", {{4, 2, 0xff, {{4 * KIB, 64}}}, {1, 0, 0xff, {{64 * KIB, 4}}}}, {64 * KIB, 1}, WORLD_EXTERNAL},
    {"128K-4K", {{32, 1, 0xff, {{128 * KIB, 3}}}, {1, 0, 0xff, {{4 * KIB, 96}}}}, {128 * KIB, 1}, WORLD_INTERNAL},
    {"16-64-128K",
     {{4, 0, 0xff, {{16 * KIB, 4}, {64 * KIB, 1}, {128 * KIB, 1}}}, {1, 0, 0xff, {{4 * KIB, 64}}}},
     {128 * KIB, 1},
     WORLD_EXTERNAL},
    {"4K-4-1-big", {{4, 2, 0xff, {{4 * KIB, 64}}}, {1, 0, 0xff, {{4 * KIB, 64}}}}, {4 * KIB, 2}, WORLD_INTERNAL},
};
const size_t geometry_count = sizeof geometries / sizeof geometries[0];
