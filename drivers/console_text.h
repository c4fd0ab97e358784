/* Text on the console, one character at a time; a line leaves when it is complete or long. */
#ifndef DRIVERS_CONSOLE_TEXT_H
#define DRIVERS_CONSOLE_TEXT_H

void console_put(char c);

#endif
