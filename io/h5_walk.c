#include "h5_walk.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "h5_private.h"

enum { SLAB_BYTES = 1 << 24, PATH_BYTES = 256 };

typedef struct {
  const H5In *in;
  H5WalkMode mode;
  H5Walked *out;
  Hash *hash;
  char path[PATH_BYTES]; /* of the object that is looked at; "" for the root */
  int depth;
  Status status;
  Err *e;
} Walk;

/* Only a strict walk ends at what is wrong. */
static bool goes_on(Walk *w, Status s, Err *found) {
  if (s == OK || w->mode == WALK_SURVIVE) return true;
  w->status = err_set(w->e, s, "%s", found->text);
  return false;
}

static bool wrong(Walk *w, const char *path, const char *what) {
  char why[H5_REASON];
  Err found = {0};
  Status s = err_set(&found, E_DATA, "%s: %s %s: %s", w->in->name, path, what, h5_reason(why));
  return goes_on(w, s, &found);
}

static void add(Walk *w, const void *bytes, size_t n) {
  w->out->bytes += n;
  if (w->mode == WALK_STRICT) hash_add(w->hash, bytes, n);
}

/* ---- values ---- */

/* n values of a variable length: pointers that HDF5 allocated. */
static void add_texts(Walk *w, char **texts, size_t n) {
  for (size_t i = 0; i < n; i++)
    add(w, texts[i] ? texts[i] : "", strlen(texts[i] ? texts[i] : "") + 1);
}

/* The type in memory that values of it are read as; to be closed. */
static hid_t memory_type(hid_t stored) {
  switch (H5Tget_class(stored)) {
  case H5T_INTEGER:
    return H5Tcopy(H5T_NATIVE_INT64);
  case H5T_FLOAT:
    return H5Tcopy(H5T_NATIVE_DOUBLE);
  default:
    return H5Tcopy(stored);
  }
}

/* Rows first .. first + n of the dataset. */
static bool read_rows(Walk *w, Arena *a, hid_t dataset, const H5Info *info, hid_t type,
                      int64_t first, int64_t n) {
  hsize_t from[H5_MAX_DIMS] = {(hsize_t)first}, count[H5_MAX_DIMS] = {0};
  hsize_t values = 1;
  for (int i = 0; i < info->n_dims; i++) {
    count[i] = (hsize_t)(i == 0 ? n : info->dims[i]);
    values *= count[i];
  }
  hid_t space = H5Dget_space(dataset);
  hid_t memory = info->n_dims > 0 ? H5Screate_simple(1, &values, NULL) : H5Screate(H5S_SCALAR);
  if (info->n_dims > 0) H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, count, NULL);
  void *data = arena_alloc(a, (size_t)values, H5Tget_size(type));
  const bool good = H5Dread(dataset, type, memory, space, H5P_DEFAULT, data) >= 0;
  if (good && H5Tis_variable_str(type) > 0) {
    add_texts(w, data, (size_t)values);
    H5Dvlen_reclaim(type, memory, H5P_DEFAULT, data);
  } else if (good) {
    add(w, data, (size_t)values * H5Tget_size(type));
  }
  if (space >= 0) H5Sclose(space);
  if (memory >= 0) H5Sclose(memory);
  return good || wrong(w, w->path, "cannot be read");
}

/* Rows of whole chunks at a time, so that no chunk is unpacked twice. */
static int64_t rows_at_once(hid_t dataset, const H5Info *info) {
  hsize_t chunk[H5_MAX_DIMS] = {1};
  hid_t create = H5Dget_create_plist(dataset);
  if (H5Pget_layout(create) == H5D_CHUNKED) H5Pget_chunk(create, H5_MAX_DIMS, chunk);
  H5Pclose(create);
  const int64_t step = chunk[0] < (hsize_t)info->dims[0] ? (int64_t)chunk[0] : info->dims[0];
  const double row = 8.0 * (double)info->count / (double)info->dims[0];
  double steps = SLAB_BYTES / (row * (double)step);
  return steps < 1 ? step : step * (int64_t)(steps < 1e6 ? steps : 1e6);
}

static bool read_values(Walk *w, hid_t dataset, const H5Info *info) {
  if (info->count == 0) return true;
  hid_t stored = H5Dget_type(dataset), type = memory_type(stored);
  const int64_t n = info->n_dims > 0 ? info->dims[0] : 1;
  const int64_t step = info->n_dims > 0 ? rows_at_once(dataset, info) : 1;
  bool good = true;
  for (int64_t i = 0; i < n && good; i += step) {
    Arena scratch = {0};
    arena_init(&scratch);
    good = read_rows(w, &scratch, dataset, info, type, i, n - i < step ? n - i : step);
    arena_free(&scratch);
  }
  H5Tclose(type);
  H5Tclose(stored);
  return good;
}

static bool read_dataset(Walk *w) {
  hid_t dataset;
  H5Info info;
  Err found = {0};
  Status s = h5_open_dataset(w->in, w->path, &dataset, &info, &found);
  if (s != OK) return goes_on(w, s, &found);
  const int64_t head[] = {(int64_t)info.class, info.is_signed, (int64_t)info.bytes, info.n_dims};
  add(w, head, sizeof head);
  add(w, info.dims, sizeof *info.dims * (size_t)info.n_dims);
  const bool skip = w->mode == WALK_SURVIVE && info.contiguous && info.class != H5_STRING;
  const bool good = skip || read_values(w, dataset, &info);
  H5Oclose(dataset);
  return good;
}

/* ---- attributes ---- */

static herr_t read_attribute(hid_t object, const char *name, const H5A_info_t *info, void *ctx) {
  Walk *w = ctx;
  hid_t attr = H5Aopen(object, name, H5P_DEFAULT), stored = -1, space = -1, type = -1;
  Arena a = {0};
  arena_init(&a);
  bool good = false;
  w->out->attributes++;
  add(w, name, strlen(name) + 1);
  if (attr >= 0) stored = H5Aget_type(attr), space = H5Aget_space(attr);
  if (stored >= 0 && space >= 0) {
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    const H5T_class_t class = H5Tget_class(stored);
    type = class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_STRING ? memory_type(stored)
                                                                             : -1;
    const size_t size = type >= 0 ? H5Tget_size(type) : 0;
    /* What a reader would refuse is none of its numbers; the largest there is lies in the file. */
    if (n >= 0 && size > 0 && info->data_size <= w->in->size && (uint64_t)n <= w->in->size) {
      void *data = arena_alloc(&a, (size_t)n, size);
      good = n == 0 || H5Aread(attr, type, data) >= 0;
      if (good && H5Tis_variable_str(type) > 0) {
        add_texts(w, data, (size_t)n);
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, data);
      } else if (good) {
        add(w, data, (size_t)n * size);
      }
    }
  }
  if (!good)
    good = wrong(w, w->path[0] ? w->path : "/",
                 arena_printf(&a, "has an attribute %s that cannot be read", name));
  if (type >= 0) H5Tclose(type);
  if (stored >= 0) H5Tclose(stored);
  if (space >= 0) H5Sclose(space);
  if (attr >= 0) H5Aclose(attr);
  arena_free(&a);
  return good ? 0 : -1;
}

static bool read_attributes(Walk *w, hid_t object) {
  hsize_t at = 0;
  if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &at, read_attribute, w) >= 0) return true;
  return w->status == OK &&
         wrong(w, w->path[0] ? w->path : "/", "has attributes that cannot be listed");
}

/* ---- groups ---- */

static bool read_group(Walk *w, hid_t group);

static bool read_object(Walk *w, hid_t group, const char *name) {
  hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  if (object < 0) return wrong(w, w->path, "is damaged");
  const H5I_type_t type = H5Iget_type(object);
  bool good = read_attributes(w, object);
  if (good && type == H5I_GROUP) good = read_group(w, object);
  if (good && type == H5I_DATASET) good = read_dataset(w);
  H5Oclose(object);
  return good;
}

static bool refuse(Walk *w, const char *what) {
  Err found = {0};
  Status s = err_set(&found, E_DATA, "%s: %s %s", w->in->name, w->path, what);
  return goes_on(w, s, &found);
}

static herr_t read_link(hid_t group, const char *name, const H5L_info_t *link, void *ctx) {
  Walk *w = ctx;
  const size_t length = strlen(w->path);
  bool good;
  if (length + strlen(name) + 2 > sizeof w->path)
    return refuse(w, "has names that are too long") ? 0 : -1;
  snprintf(w->path + length, sizeof w->path - length, "/%s", name);
  add(w, w->path, strlen(w->path) + 1);
  if (++w->out->objects > WALK_OBJECTS) {
    good = refuse(w, "is one object too many; a file of caviar's has fewer than 20000") && false;
  } else if (link->type != H5L_TYPE_HARD) {
    good = refuse(
        w, "is a link to somewhere else, which is not followed; copy the data into the file");
  } else {
    good = read_object(w, group, name);
  }
  w->path[length] = '\0';
  return good ? 0 : -1;
}

static bool read_group(Walk *w, hid_t group) {
  if (w->depth == WALK_DEPTH)
    return refuse(w, "lies deeper than 16 groups, or its groups lie in a circle");
  w->depth++;
  herr_t s = H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, read_link, w);
  w->depth--;
  if (s >= 0) return true;
  if (w->status == OK && w->out->objects <= WALK_OBJECTS)
    return wrong(w, w->path[0] ? w->path : "/", "cannot be listed");
  return false;
}

Status h5_walk(const H5In *in, H5WalkMode mode, H5Walked *out, Err *e) {
  Arena a = {0};
  arena_init(&a);
  *out = (H5Walked){0};
  Walk w = {.in = in, .mode = mode, .out = out, .hash = hash_new(&a), .e = e};
  hid_t root = H5Oopen(in->file, "/", H5P_DEFAULT);
  if (root < 0)
    (void)wrong(&w, "/", "is damaged");
  else if (read_attributes(&w, root))
    (void)read_group(&w, root);
  if (root >= 0) H5Oclose(root);
  hash_hex(w.hash, out->content);
  arena_free(&a);
  return w.status;
}
