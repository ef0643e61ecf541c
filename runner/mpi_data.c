#include "mpi_data.h"

#include <mpi.h>
#include <string.h>
#include <sys/stat.h>

#include "mpi_message.h"
#include "mpi_world.h"

/* The state of a file, so that the same name elsewhere is another file. */
static void add_file(Str *text, const char *path) {
  struct stat st;
  if (!path || stat(path, &st) != 0) return;
  str_addf(text, "\n%llu %llu %llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
           (unsigned long long)st.st_size);
}

Status mpi_data_vet(Arena *a, const DataSpec *s, Err *e) {
  const int n = world_size();
  if (n == 1) return data_vet(s, e);
  Str text = str_new(a);
  str_add(&text, world_host(a));
  add_file(&text, s->path);
  add_file(&text, s->test_path);
  uint64_t *keys = ARENA_ARRAY(a, uint64_t, n),
           mine = hash_u64(str_text(&text), (size_t)text.length);
  MPI_Allgather(&mine, 1, MPI_UINT64_T, keys, 1, MPI_UINT64_T, MPI_COMM_WORLD);
  int first = 0;
  while (keys[first] != mine) first++;
  if (first == world_rank()) return data_vet(s, e);
  data_trust(s);
  return OK;
}

/* What the one rank found; empty: that something is wrong, which it says itself. */
typedef struct {
  char main[HASH_HEX], test[HASH_HEX];
} Found;

/* Alike on two ranks exactly if they mapped the same files of the same host. */
static uint64_t files_key(Arena *a, const RunData *d) {
  const bool mapped = d->main.map.at && (d->test.n == 0 || d->test.map.at);
  const int rank = world_rank();
  Str text = str_new(a);
  str_add(&text, world_host(a));
  if (!mapped) str_addf(&text, "\n%d", rank); /* alone */
  const IoFileId files[] = {d->main.map.id, d->test.map.id};
  for (int i = 0; mapped && i < COUNT(files); i++)
    str_addf(&text, "\n%llu %llu %llu %lld %lld", (unsigned long long)files[i].device,
             (unsigned long long)files[i].inode, (unsigned long long)files[i].bytes,
             (long long)files[i].changed_s, (long long)files[i].changed_ns);
  return hash_u64(str_text(&text), strlen(str_text(&text)));
}

static Status verify_for(Arena *a, const DataSpec *s, RunData *d, const uint64_t *keys, Err *e) {
  Found found = {0};
  Status status = data_finish(a, s, d, e);
  if (status == OK) {
    memcpy(found.main, d->main.fingerprint, HASH_HEX);
    memcpy(found.test, d->test.fingerprint, HASH_HEX);
  }
  for (int r = world_rank() + 1; r < world_size(); r++)
    if (keys[r] == keys[world_rank()]) message_send(r, TAG_DATA, &found, sizeof found);
  return status;
}

static Status hear_from(Arena *a, int rank, const DataSpec *s, RunData *d, Err *e) {
  Message m;
  message_await(rank, TAG_DATA, NULL, &m);
  const Found *found = (const Found *)(const void *)message_receive(a, &m);
  if (!found->main[0]) return OK;
  memcpy(d->main.fingerprint, found->main, HASH_HEX);
  memcpy(d->test.fingerprint, found->test, HASH_HEX);
  return data_finish(a, s, d, e);
}

Status mpi_data_finish(Arena *a, const DataSpec *s, RunData *d, Err *e) {
  const int n = world_size();
  if (n == 1) return data_finish(a, s, d, e);
  uint64_t *keys = ARENA_ARRAY(a, uint64_t, n), mine = files_key(a, d);
  MPI_Allgather(&mine, 1, MPI_UINT64_T, keys, 1, MPI_UINT64_T, MPI_COMM_WORLD);
  int first = 0;
  while (keys[first] != mine) first++;
  if (first == world_rank()) return verify_for(a, s, d, keys, e);
  return hear_from(a, first, s, d, e);
}
