#include "h5_private.h"

#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "h5_guard.h"

struct H5Out {
  Arena arena; /* holds this struct */
  hid_t file;
  void *image; /* set when HDF5 closes the file; to be freed by H5free_memory */
};

enum {
  IMAGE_STEP = 1 << 16,  /* the image grows by this */
  CHUNK_BYTES = 1 << 18, /* about so much under one checksum */
  PAGE = 4096,           /* data of a page or more start at one, so that they can be mapped */
  COMPACT_BYTES = 60000, /* a text up to this lies in the object's header, which has a checksum */
};

static Status failed(Err *e, const char *what, const char *path) {
  char why[H5_REASON];
  return err_set(e, E_IO, "cannot make %s %s in HDF5: %s", what, path, h5_reason(why));
}

/*
 * The core driver calls this where it would free its memory. Closing is what completes the
 * superblock, so the image is taken then (H5Fget_file_image gives one whose checksum does not
 * hold), and not copied.
 */
static herr_t keep_image(void *image, H5FD_file_image_op_t op, void *out) {
  if (op == H5FD_FILE_IMAGE_OP_FILE_CLOSE)
    ((H5Out *)out)->image = image;
  else
    H5free_memory(image);
  return 0;
}

static void *same_pointer(void *out) {
  return out;
}

static herr_t nothing(void *out) {
  (void)out;
  return 0;
}

/*
 * Format of HDF5 1.10: superblock, headers and chunk index carry checksums. No times, so that the
 * same content gives the same bytes.
 */
static hid_t create_image(H5Out *o) {
  H5FD_file_image_callbacks_t callbacks = {
      .image_free = keep_image, .udata_copy = same_pointer, .udata_free = nothing, .udata = o};
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE), file = -1;
  if (access >= 0 && create >= 0 && H5Pset_fapl_core(access, IMAGE_STEP, false) >= 0 &&
      H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0 &&
      H5Pset_alignment(access, PAGE, PAGE) >= 0 && H5Pset_obj_track_times(create, false) >= 0 &&
      H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
      H5Pset_file_image_callbacks(access, &callbacks) >= 0)
    file = H5Fcreate("image", H5F_ACC_TRUNC, create, access);
  if (access >= 0) H5Pclose(access);
  if (create >= 0) H5Pclose(create);
  return file;
}

Status h5_create(H5Out **out, Err *e) {
  h5_quiet();
  Arena arena;
  arena_init(&arena);
  H5Out *o = ARENA_NEW(&arena, H5Out);
  o->arena = arena;
  o->file = create_image(o);
  *out = o;
  if (o->file >= 0) return OK;
  *out = NULL;
  h5_discard(o);
  return failed(e, "file", "in memory");
}

void h5_discard(H5Out *o) {
  if (!o) return;
  if (o->file >= 0) H5Fclose(o->file);
  if (o->image) H5free_memory(o->image);
  Arena arena = o->arena;
  arena_free(&arena);
}

/* The groups above the last name of the path. One by one: those that HDF5 makes itself carry
 * times. */
static Status make_groups(H5Out *o, const char *path, Err *e) {
  char part[256];
  size_t length = strlen(path);
  CHECK(e, path[0] == '/' && length > 1 && length < sizeof part, E_INTERNAL,
        "HDF5 path \"%s\" must start with / and be shorter than %zu bytes", path, sizeof part);
  for (size_t i = 1; i < length; i++) {
    if (path[i] != '/') continue;
    memcpy(part, path, i);
    part[i] = '\0';
    if (H5Lexists(o->file, part, H5P_DEFAULT) > 0) continue;
    hid_t create = H5Pcreate(H5P_GROUP_CREATE), group = -1;
    if (create >= 0 && H5Pset_obj_track_times(create, false) >= 0)
      group = H5Gcreate2(o->file, part, H5P_DEFAULT, create, H5P_DEFAULT);
    if (create >= 0) H5Pclose(create);
    if (group < 0) return failed(e, "group", part);
    H5Gclose(group);
  }
  return OK;
}

/* Chunks of about CHUNK_BYTES: the first dimensions are cut first. */
static void chunk_of(const hsize_t *dims, int n_dims, size_t element, hsize_t *chunk) {
  double bytes = (double)element;
  for (int i = 0; i < n_dims; i++) {
    chunk[i] = dims[i];
    bytes *= (double)dims[i];
  }
  for (int i = 0; i < n_dims && bytes > CHUNK_BYTES; i++) {
    double parts = bytes / CHUNK_BYTES;
    hsize_t smaller = (hsize_t)((double)dims[i] / parts);
    chunk[i] = smaller > 0 ? smaller : 1;
    bytes = bytes / (double)dims[i] * (double)chunk[i];
  }
}

/* Measured: so many chunks HDF5 and malloc have in their hands while a dataset is written; of chunks
 * below SYSTEM_BYTES none, for they find memory that was freed before. */
enum { WORKING_CHUNKS = 7, SYSTEM_BYTES = 1 << 17 };

size_t h5_checked_bytes(H5Type type, const int64_t *dims, int n_dims, size_t *working) {
  static const size_t bytes[] = {
      [H5_U8] = 1, [H5_I32] = 4, [H5_I64] = 8, [H5_F32] = 4, [H5_F64] = 8};
  hsize_t whole[H5_MAX_DIMS] = {0}, chunk[H5_MAX_DIMS];
  for (int i = 0; i < n_dims; i++) whole[i] = (hsize_t)dims[i];
  chunk_of(whole, n_dims, bytes[type], chunk);
  size_t n_chunks = 1, size = bytes[type];
  for (int i = 0; i < n_dims; i++) {
    if (dims[i] == 0) return 0;
    n_chunks *= (size_t)((whole[i] + chunk[i] - 1) / chunk[i]);
    size *= (size_t)chunk[i];
  }
  if (size >= SYSTEM_BYTES && *working < WORKING_CHUNKS * size) *working = WORKING_CHUNKS * size;
  size += 4; /* the checksum */
  return n_chunks * (size < PAGE ? size : (size + PAGE - 1) / PAGE * PAGE);
}

static hid_t layout_of(const hsize_t *dims, int n_dims, size_t element, bool checked) {
  hid_t create = H5Pcreate(H5P_DATASET_CREATE);
  hsize_t chunk[H5_MAX_DIMS], count = 1;
  for (int i = 0; i < n_dims; i++) count *= dims[i];
  bool good = create >= 0 && H5Pset_obj_track_times(create, false) >= 0 &&
              H5Pset_fill_time(create, H5D_FILL_TIME_NEVER) >= 0;
  if (good && count > 0 && n_dims == 0) {
    good = H5Pset_layout(create, H5D_COMPACT) >= 0;
  } else if (good && count > 0 && checked) {
    chunk_of(dims, n_dims, element, chunk);
    good = H5Pset_chunk(create, n_dims, chunk) >= 0 && H5Pset_fletcher32(create) >= 0;
  }
  if (good) return create;
  if (create >= 0) H5Pclose(create);
  return -1;
}

/* A dataset of `type`; `type` is both the memory's and the file's. */
static Status put(H5Out *o, const char *path, hid_t type, const hsize_t *dims, int n_dims,
                  const void *data, bool checked, Err *e) {
  hid_t space = -1, create = -1, dataset = -1;
  Status status = make_groups(o, path, e);
  if (status != OK) return status;
  space = n_dims > 0 ? H5Screate_simple(n_dims, dims, NULL) : H5Screate(H5S_SCALAR);
  create = layout_of(dims, n_dims, H5Tget_size(type), checked);
  if (space < 0 || create < 0 ||
      (dataset = H5Dcreate2(o->file, path, type, space, H5P_DEFAULT, create, H5P_DEFAULT)) < 0 ||
      H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
    status = failed(e, "dataset", path);
  if (dataset >= 0 && H5Dclose(dataset) < 0 && status == OK) status = failed(e, "dataset", path);
  if (create >= 0) H5Pclose(create);
  if (space >= 0) H5Sclose(space);
  return status;
}

Status h5_put(H5Out *o, const char *path, H5Type type, const int64_t *dims, int n_dims,
              const void *data, bool checked, Err *e) {
  hsize_t sizes[H5_MAX_DIMS];
  CHECK(e, n_dims >= 0 && n_dims <= H5_MAX_DIMS, E_INTERNAL, "%s: %d dimensions", path, n_dims);
  for (int i = 0; i < n_dims; i++) {
    CHECK(e, dims[i] >= 0, E_INTERNAL, "%s: negative size", path);
    sizes[i] = (hsize_t)dims[i];
  }
  return put(o, path, h5_memory_type(type), sizes, n_dims, data, checked, e);
}

/* ---- text: UTF-8 strings of a fixed length, padded with NUL (others would lie unchecked in a
 * heap) ---- */

static hid_t text_type(size_t bytes) {
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type >= 0 && H5Tset_size(type, bytes > 0 ? bytes : 1) >= 0 &&
      H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
    return type;
  if (type >= 0) H5Tclose(type);
  return -1;
}

/* n texts as a matrix (n, *width) of bytes in `a`. */
static char *pad(Arena *a, const char *const *text, int n, size_t *width) {
  *width = 1;
  for (int i = 0; i < n; i++)
    if (strlen(text[i]) > *width) *width = strlen(text[i]);
  char *bytes = arena_alloc(a, (size_t)n, *width);
  for (int i = 0; i < n; i++) memcpy(bytes + (size_t)i * *width, text[i], strlen(text[i]));
  return bytes;
}

Status h5_put_strings(H5Out *o, const char *path, const char *const *text, int n, Err *e) {
  Arena scratch;
  arena_init(&scratch);
  size_t width;
  char *bytes = pad(&scratch, text, n, &width);
  hsize_t dims[1] = {(hsize_t)n};
  hid_t type = text_type(width);
  Status status =
      type < 0 ? failed(e, "dataset", path) : put(o, path, type, dims, 1, bytes, true, e);
  if (type >= 0) H5Tclose(type);
  arena_free(&scratch);
  return status;
}

Status h5_put_text(H5Out *o, const char *path, const char *text, Err *e) {
  size_t n = strlen(text);
  if (n > COMPACT_BYTES) return h5_put_strings(o, path, &text, 1, e);
  hid_t type = text_type(n);
  Status status =
      type < 0 ? failed(e, "dataset", path) : put(o, path, type, NULL, 0, text, true, e);
  if (type >= 0) H5Tclose(type);
  return status;
}

/* ---- attributes ---- */

/* n < 0: a scalar. */
static Status put_attr(H5Out *o, const char *path, const char *name, hid_t type, int n,
                       const void *data, Err *e) {
  hsize_t dims[1] = {n < 0 ? 1 : (hsize_t)n};
  hid_t space = n < 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, dims, NULL);
  hid_t attr = -1;
  Status status = OK;
  if (type < 0 || space < 0 ||
      (attr = H5Acreate_by_name(o->file, path, name, type, space, H5P_DEFAULT, H5P_DEFAULT,
                                H5P_DEFAULT)) < 0 ||
      H5Awrite(attr, type, data) < 0) {
    char why[H5_REASON];
    status =
        err_set(e, E_IO, "cannot make attribute %s of %s in HDF5: %s", name, path, h5_reason(why));
  }
  if (attr >= 0) H5Aclose(attr);
  if (space >= 0) H5Sclose(space);
  return status;
}

Status h5_attr_strings(H5Out *o, const char *path, const char *name, const char *const *text, int n,
                       Err *e) {
  Arena scratch;
  arena_init(&scratch);
  size_t width;
  char *bytes = pad(&scratch, text, n, &width);
  hid_t type = text_type(width);
  Status status = put_attr(o, path, name, type, n, bytes, e);
  if (type >= 0) H5Tclose(type);
  arena_free(&scratch);
  return status;
}

Status h5_attr_text(H5Out *o, const char *path, const char *name, const char *text, Err *e) {
  hid_t type = text_type(strlen(text));
  Status status = put_attr(o, path, name, type, -1, text, e);
  if (type >= 0) H5Tclose(type);
  return status;
}

Status h5_attr_i64(H5Out *o, const char *path, const char *name, int64_t value, Err *e) {
  return put_attr(o, path, name, H5T_NATIVE_INT64, -1, &value, e);
}

Status h5_attr_f64(H5Out *o, const char *path, const char *name, double value, Err *e) {
  return put_attr(o, path, name, H5T_NATIVE_DOUBLE, -1, &value, e);
}

/* ---- out ---- */

static Status finish(H5Out *o, size_t *n, Err *e) {
  ssize_t size = -1;
  if (H5Fflush(o->file, H5F_SCOPE_GLOBAL) >= 0) size = H5Fget_file_image(o->file, NULL, 0);
  if (size <= 0) return failed(e, "image", "of the file");
  herr_t closed = H5Fclose(o->file);
  o->file = -1;
  if (closed < 0 || !o->image) return failed(e, "image", "of the file");
  *n = (size_t)size;
  return OK;
}

Status h5_publish(H5Out *o, const char *file, Err *e) {
  size_t n = 0;
  Status status = finish(o, &n, e);
  if (status == OK)
    status = file_write(file, o->image, n, e);
  else
    err_context(e, "%s", file);
  if (status == OK) h5_guard_trust(file);
  h5_discard(o);
  return status;
}
