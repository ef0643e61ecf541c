/*
 * A damaged or hostile HDF5 file can crash or hang libhdf5 itself. So a file that this process has not
 * written is first read through by another process, with limits on its time and memory: PROGRAM
 * verify --survive FILE, a copy of our own program, started by posix_spawn, which is safe in a process of
 * MPI. Only who comes back well is opened here.
 *
 * Not protected: a file that changes between the two.
 */
#ifndef CAVIAR_H5_GUARD_H
#define CAVIAR_H5_GUARD_H

#include "base/err.h"

/* Who is started, for good; NULL (the tests of modules): nobody, and every file is trusted. */
void h5_guard_program(const char *program);

/* E_DATA: libhdf5 does not survive the file; E_IO: the other process cannot be started. h5_open asks. A
 * file that is not there is fine: who opens it says so. */
MUST_CHECK Status h5_guard(const char *file, Err *e);

/* This file, as it is now, needs no other process: we wrote it, or another rank of this host asked. */
void h5_guard_trust(const char *file);

/* In the other process: limits, then reads all of the file. An exit code: 0 survived. */
int h5_guard_survive(const char *file);

#endif
