/* The entry function of each subcommand; cmd_<name>.c defines it, main.c lists it. argv[0] is the
 * subcommand's name. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int cmd_board(int argc, char **argv);
int cmd_dts(int argc, char **argv);
int cmd_pm(int argc, char **argv);
int cmd_hex(int argc, char **argv);
int cmd_imgtool(int argc, char **argv);
int cmd_powercut(int argc, char **argv);
int cmd_imgtool_sign(int argc, char **argv);     /* listed by cmd_imgtool.c */
int cmd_imgtool_max_size(int argc, char **argv); /* the same */
int cmd_smp(int argc, char **argv);
#endif
