/* Text as a word of a script: whatever it is, bash and sbatch read back the same bytes. */
#ifndef CAVIAR_SHELL_WORD_H
#define CAVIAR_SHELL_WORD_H

#include "base/str.h"

/* One word of bash on one line: plain where that is safe, else in quotes; with control characters
 * as $'a\nb'. */
void shell_word(const char *text, Str *out);

/* The same, but each "%a" in it is the number of the array task. */
void shell_array_word(const char *text, Str *out);

/* A word of a line #SBATCH. False, and nothing is added: it has control characters, for which that
 * language has no words. */
bool shell_sbatch_word(const char *text, Str *out);

/* Is there a control character (newline, tab, escape ..) in it? */
bool shell_has_control(const char *text);

/* With "%a" replaced by a number. */
const char *shell_array_text(Arena *a, const char *text, int64_t task);

#endif
