/* The version of the HDF5 library, for the record. */
#include <hdf5.h>

#include "base/arena.h"
#include "h5.h"
#include "h5_private.h"

char *h5_library_version(Arena *a) {
  unsigned major = 0, minor = 0, release = 0;
  h5_quiet();
  H5get_libversion(&major, &minor, &release);
  return arena_printf(a, "%u.%u.%u", major, minor, release);
}
