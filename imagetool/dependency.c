#include "imagetool/dependency.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"
#include "imagetool/version.h"

static const char *skip_spaces(const char *at)
{
    while (isspace((unsigned char)*at)) {
        at++;
    }
    return at;
}

/* "(ID, VERSION)" at *at; moves *at behind it. */
static int parse_one(const char **at, struct image_dependency *dependency, struct failure *failure)
{
    const char *text = *at;
    char *end = NULL;
    unsigned long id;
    size_t len;

    if (*text != '(' || !isdigit((unsigned char)*skip_spaces(text + 1))) {
        return failure_set(failure, ERR_HOST_INPUT, "dependency '%s' is not of the form (IMAGE_ID, VERSION)", text);
    }
    id = strtoul(text + 1, &end, 10);
    end = (char *)skip_spaces(end);
    if (id > UINT8_MAX || *end != ',') {
        return failure_set(failure, ERR_HOST_INPUT, "dependency '%s' is not of the form (IMAGE_ID up to 255, VERSION)",
                           text);
    }
    text = skip_spaces(end + 1);
    len = strcspn(text, ") \t");
    *at = skip_spaces(text + len);
    if (**at != ')') {
        return failure_set(failure, ERR_HOST_INPUT, "dependency lacks its closing parenthesis");
    }
    (*at)++;
    dependency->image_id = (uint8_t)id;
    return version_parse_part(text, len, &dependency->min_version, failure);
}

int dependency_parse(const char *text, struct image_dependency **list, size_t *count, struct failure *failure)
{
    const char *at = skip_spaces(text);
    int err;

    do {
        struct image_dependency dependency = {0};

        err = parse_one(&at, &dependency, failure);
        if (err == OK) {
            *list = host_realloc(*list, (*count + 1) * sizeof(**list));
            (*list)[(*count)++] = dependency;
        }
        at = skip_spaces(at);
        if (*at == ',') {
            at = skip_spaces(at + 1);
        }
    } while (err == OK && *at != 0);
    return err;
}
