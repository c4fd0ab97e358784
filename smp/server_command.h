/* Between server.c and the files of its groups. */
#ifndef SMP_SERVER_COMMAND_H
#define SMP_SERVER_COMMAND_H

#include "smp/cbor.h"
#include "smp/message.h"
#include "smp/server.h"

/*
 * Carries out one command: reads `request` (a map) and puts keys and values into `response`, which is open as a map.
 * Returns 0; a positive code of the command's group; or the negated enum message_rc of an error of the protocol.
 * With an error, what was put into `response` is dropped.
 */
typedef int (*server_run)(struct server *server, const struct cbor_value *request, struct cbor_writer *response);

struct server_command {
    uint8_t command;
    server_run read;  /* NULL: not supported */
    server_run write; /* NULL: not supported */
};

struct server_group {
    uint16_t id; /* enum message_group */
    uint8_t command_count;
    const struct server_command *commands;
};

#endif
