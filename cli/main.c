/* The `farboot` command: one table of subcommands. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"

static int cmd_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    (void)printf("farboot %s\n", FARBOOT_VERSION);
    return CLI_DONE;
}

static const struct cli_entry commands[] = {
    {"board", "run firmware on a virtual board", cmd_board},
    {"dts", "check a devicetree and generate header, CMake variables and JSON", cmd_dts},
    {"hex", "merge Intel HEX, ELF and raw files", cmd_hex},
    {"imgtool", "make keys; make, verify and print images", cmd_imgtool},
    {"smp", "talk SMP (mcumgr) to a device: upload, test and confirm images, reset", cmd_smp},
    {"powercut", "cut the power at every flash operation of an update of your build", cmd_powercut},
    {"pm", "place partitions, write them as macros, report them", cmd_pm},
    {"version", "print the version", cmd_version},
};

int main(int argc, char **argv)
{
    int status = cli_dispatch("", "Farboot: a bootloader system whose second slot lives in external flash.", commands,
                              sizeof(commands) / sizeof(commands[0]), argc, argv);

    /* A full disk or closed pipe must not look like success. */
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        (void)fputs("farboot: error: cannot write standard output\n", stderr);
        return CLI_FAILED;
    }
    return status;
}
