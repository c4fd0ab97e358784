#include "imagetool/version.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Reads a number without leading zeros at *at; moves *at behind it. */
static bool take_number(const char **at, const char *end, uint64_t max, uint64_t *number)
{
    const char *first = *at;

    *number = 0;
    for (; *at < end && **at >= '0' && **at <= '9' && *number <= max; (*at)++) {
        *number = *number * 10 + (uint64_t)(**at - '0');
    }
    return *at > first && (*first != '0' || *at == first + 1) && *number <= max;
}

int version_parse_part(const char *text, size_t len, struct image_version *version, struct failure *failure)
{
    static const uint64_t max[] = {UINT8_MAX, UINT8_MAX, UINT16_MAX, UINT32_MAX};
    static const char separator[] = "..+";
    const char *at = text;
    const char *end = text + len;
    uint64_t parts[4] = {0};
    size_t i;

    for (i = 0; i < 4; i++) {
        if (!take_number(&at, end, max[i], &parts[i])) {
            break;
        }
        if (at == end) {
            *version =
                (struct image_version){(uint8_t)parts[0], (uint8_t)parts[1], (uint16_t)parts[2], (uint32_t)parts[3]};
            return OK;
        }
        if (i == 3 || *at++ != separator[i]) {
            break;
        }
    }
    return failure_set(failure, ERR_HOST_INPUT,
                       "'%.*s' is not a version: expected major.minor.revision+build, the later parts optional, up to "
                       "255.255.65535+4294967295",
                       (int)len, text);
}

int version_parse(const char *text, struct image_version *version, struct failure *failure)
{
    return version_parse_part(text, strlen(text), version, failure);
}

const char *version_print(const struct image_version *version, char text[VERSION_TEXT_SIZE])
{
    (void)snprintf(text, VERSION_TEXT_SIZE, "%u.%u.%u+%u", version->major, version->minor, version->revision,
                   version->build);
    return text;
}
