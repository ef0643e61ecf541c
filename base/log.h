/*
 * Lines for the person who watches: warnings and notes on stderr, one write each, so that lines
 * of several ranks do not mix. Colour only on a terminal and without NO_COLOR.
 */
#ifndef CAVIAR_LOG_H
#define CAVIAR_LOG_H

#include "err.h"

typedef enum { LOG_ERROR, LOG_WARNING, LOG_NOTE } LogLevel;

void log_line(LogLevel level, const char *format, ...) PRINTF_LIKE(2, 3);
bool log_colour(int fd); /* is fd a terminal that wants colour? */

#endif
