#include "h5_guard.h"
#include "h5_private.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Published files never change, so they are read without a lock (many network file systems have
 * none); HDF5_USE_FILE_LOCKING still decides where it is set.
 */
static hid_t open_plain(const char *file, char why[H5_REASON]) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), id = -1;
  if (access >= 0 && H5Pset_file_locking(access, false, true) >= 0)
    id = H5Fopen(file, H5F_ACC_RDONLY, access);
  if (id < 0) h5_reason(why);
  if (access >= 0) H5Pclose(access);
  return id;
}

Status h5_open(H5In **in, const char *file, Err *e) {
  char why[H5_REASON];
  struct stat st;
  h5_quiet();
  *in = NULL;
  CHECK(e, stat(file, &st) == 0, E_IO, "%s: cannot open: %s", file, strerror(errno));
  CHECK(e, S_ISREG(st.st_mode), E_IO, "%s: not a file", file);
  CHECK(e, st.st_size > 0, E_DATA, "%s: the file is empty", file);
  htri_t known = H5Fis_hdf5(file);
  CHECK(e, known >= 0, E_IO, "%s: cannot read: %s", file, h5_reason(why));
  CHECK(e, known > 0, E_DATA, "%s: not an HDF5 file; make one with: caviar import", file);
  TRY(h5_guard(file, e));
  hid_t id = open_plain(file, why);
  CHECK(e, id >= 0, E_DATA, "%s: damaged or cut off: %s", file, why);
  Arena arena;
  arena_init(&arena);
  H5In *made = ARENA_NEW(&arena, H5In);
  made->name = arena_strdup(&arena, file);
  made->file = id;
  made->size = (uint64_t)st.st_size;
  made->arena = arena;
  *in = made;
  return OK;
}

void h5_close(H5In *in) {
  if (!in) return;
  H5Fclose(in->file);
  Arena arena = in->arena;
  arena_free(&arena);
}

/* A link that is not a hard one counts as there: opening it says why it is refused. */
bool h5_has(const H5In *in, const char *path) {
  char part[256];
  size_t length = strlen(path);
  if (length >= sizeof part) return false;
  for (size_t i = 1; i <= length && length > 1; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    memcpy(part, path, i);
    part[i] = '\0';
    H5L_info_t link;
    if (H5Lexists(in->file, part, H5P_DEFAULT) <= 0) return false;
    if (H5Lget_info(in->file, part, &link, H5P_DEFAULT) < 0) return false;
    if (link.type != H5L_TYPE_HARD) return true;
  }
  return true;
}

bool h5_has_attr(const H5In *in, const char *path, const char *name) {
  return H5Aexists_by_name(in->file, path, name, H5P_DEFAULT) > 0;
}

/* ---- numbers ---- */

static size_t type_bytes(H5Type type) {
  return type == H5_U8 ? 1 : type == H5_I32 || type == H5_F32 ? 4 : 8;
}

static Status read_numbers(const H5In *in, Arena *a, const char *path, hid_t dataset,
                           const H5Info *info, H5Type type, void **data, Err *e) {
  char why[H5_REASON];
  bool whole = type == H5_U8 || type == H5_I32 || type == H5_I64;
  CHECK(e, info->class == H5_INTEGER || (info->class == H5_FLOAT && !whole), E_DATA,
        "%s: %s should hold %s, but holds %s", in->name, path, whole ? "integers" : "numbers",
        info->class == H5_FLOAT ? "fractions" : "text");
  *data = arena_alloc(a, (size_t)info->count, type_bytes(type));
  if (info->count == 0) return OK;
  CHECK(e, H5Dread(dataset, h5_memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, *data) >= 0,
        E_DATA, "%s: %s cannot be read: %s", in->name, path, h5_reason(why));
  return OK;
}

Status h5_get(const H5In *in, Arena *a, const char *path, H5Type type, void **data, int64_t dims[4],
              int *n_dims, Err *e) {
  hid_t dataset;
  H5Info info;
  TRY(h5_open_dataset(in, path, &dataset, &info, e));
  Status status = read_numbers(in, a, path, dataset, &info, type, data, e);
  *n_dims = info.n_dims;
  for (int i = 0; i < info.n_dims; i++) dims[i] = info.dims[i];
  H5Oclose(dataset);
  return status;
}

/* ---- text, of fixed length (ours) or variable (h5py's), in a dataset or an attribute ---- */

static herr_t read_raw(hid_t object, hid_t type, void *out) {
  return H5Iget_type(object) == H5I_ATTR
             ? H5Aread(object, type, out)
             : H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
}

static const char **copy_variable(Arena *a, hid_t object, hid_t type, hid_t space, int n) {
  const char **text = ARENA_ARRAY(a, const char *, n);
  char **found = ARENA_ARRAY(a, char *, n);
  if (read_raw(object, type, found) < 0) return NULL;
  for (int i = 0; i < n; i++) text[i] = arena_strdup(a, found[i] ? found[i] : "");
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, found);
  return text;
}

/* Cut at the first NUL; spaces at the end of space-padded ones (Fortran's) are cut too. */
static const char **copy_fixed(Arena *a, hid_t object, hid_t type, int n) {
  size_t width = H5Tget_size(type);
  const char **text = ARENA_ARRAY(a, const char *, n);
  char *bytes = arena_alloc(a, (size_t)n, width);
  if (read_raw(object, type, bytes) < 0) return NULL;
  for (int i = 0; i < n; i++) {
    const char *from = bytes + (size_t)i * width;
    size_t length = 0;
    while (length < width && from[length]) length++;
    while (H5Tget_strpad(type) == H5T_STR_SPACEPAD && length > 0 && from[length - 1] == ' ')
      length--;
    text[i] = arena_strndup(a, from, length);
  }
  return text;
}

static Status read_text(const H5In *in, Arena *a, hid_t object, const char *what,
                        const char ***text, int *n, Err *e) {
  char why[H5_REASON];
  bool attr = H5Iget_type(object) == H5I_ATTR;
  hid_t type = attr ? H5Aget_type(object) : H5Dget_type(object);
  hid_t space = attr ? H5Aget_space(object) : H5Dget_space(object);
  hssize_t count = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
  Status status = OK;
  if (type < 0 || H5Tget_class(type) != H5T_STRING) {
    status = err_set(e, E_DATA, "%s: %s should hold text", in->name, what);
  } else if (count < 0 || count > INT_MAX ||
             (uint64_t)count > in->size * (attr ? 1 : 1032) / H5Tget_size(type)) {
    status = err_set(e, E_DATA, "%s: %s declares an impossible size", in->name, what);
  } else {
    *n = (int)count;
    *text = H5Tis_variable_str(type) > 0 ? copy_variable(a, object, type, space, *n)
                                         : copy_fixed(a, object, type, *n);
    if (!*text)
      status = err_set(e, E_DATA, "%s: %s cannot be read: %s", in->name, what, h5_reason(why));
  }
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  return status;
}

static Status one_text(const H5In *in, Arena *a, hid_t object, const char *what, char **out,
                       Err *e) {
  const char **text = NULL;
  int n = 0;
  TRY(read_text(in, a, object, what, &text, &n, e));
  CHECK(e, n == 1, E_DATA, "%s: %s should be one text, but is a list of %d", in->name, what, n);
  *out = arena_strdup(a, text[0]);
  return OK;
}

Status h5_get_text(const H5In *in, Arena *a, const char *path, char **text, Err *e) {
  hid_t dataset;
  H5Info info;
  TRY(h5_open_dataset(in, path, &dataset, &info, e));
  Status status = one_text(in, a, dataset, path, text, e);
  H5Oclose(dataset);
  return status;
}

/* ---- attributes ---- */

static Status open_attr(const H5In *in, const char *path, const char *name, hid_t *attr, Err *e) {
  char why[H5_REASON];
  hid_t object;
  *attr = -1;
  TRY(h5_open_object(in, path, &object, e));
  if (H5Aexists(object, name) <= 0)
    err_set(e, E_DATA, "%s: %s has no attribute %s", in->name, path, name);
  else if ((*attr = H5Aopen(object, name, H5P_DEFAULT)) < 0)
    err_set(e, E_DATA, "%s: attribute %s of %s is damaged: %s", in->name, name, path,
            h5_reason(why));
  H5Oclose(object);
  return *attr >= 0 ? OK : e->status;
}

Status h5_get_attr_i64(const H5In *in, const char *path, const char *name, int64_t *value, Err *e) {
  char why[H5_REASON];
  hid_t attr;
  TRY(open_attr(in, path, name, &attr, e));
  Status status = OK;
  hid_t type = H5Aget_type(attr), space = H5Aget_space(attr);
  if (type < 0 || space < 0 || H5Tget_class(type) != H5T_INTEGER ||
      H5Sget_simple_extent_npoints(space) != 1)
    status =
        err_set(e, E_DATA, "%s: attribute %s of %s should be one integer", in->name, name, path);
  else if (H5Aread(attr, H5T_NATIVE_INT64, value) < 0)
    status = err_set(e, E_DATA, "%s: attribute %s of %s cannot be read: %s", in->name, name, path,
                     h5_reason(why));
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  H5Aclose(attr);
  return status;
}

Status h5_get_attr_text(const H5In *in, Arena *a, const char *path, const char *name, char **text,
                        Err *e) {
  hid_t attr;
  TRY(open_attr(in, path, name, &attr, e));
  Status status = one_text(in, a, attr, name, text, e);
  H5Aclose(attr);
  return status;
}

Status h5_get_attr_strings(const H5In *in, Arena *a, const char *path, const char *name,
                           const char ***text, int *n, Err *e) {
  hid_t attr;
  *text = NULL;
  *n = 0;
  if (!h5_has_attr(in, path, name)) return OK;
  TRY(open_attr(in, path, name, &attr, e));
  Status status = read_text(in, a, attr, name, text, n, e);
  H5Aclose(attr);
  return status;
}
