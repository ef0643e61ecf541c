/* cmocka with the headers that it wants before it. */
#ifndef CAVIAR_TEST_CHECK_H
#define CAVIAR_TEST_CHECK_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

/* Skips the rest of a test and says why; ./run-tests lists it at the end. */
#define SKIP(why)                                                                                  \
  do {                                                                                             \
    print_message("skipped: %s\n", why);                                                           \
    skip();                                                                                        \
  } while (0)

#endif
