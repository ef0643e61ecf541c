/* cmocka with the headers that it wants before it. */
#ifndef CAVIAR_TEST_CHECK_H
#define CAVIAR_TEST_CHECK_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#endif
