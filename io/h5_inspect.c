/* Opening what lies in a file somebody else may have made: by hard links only, nothing outside of
 * the file, no size that the file cannot hold. A file of 2 KB can otherwise name any file and
 * declare petabytes. */
#include "h5_private.h"

#include <string.h>

/* A filter that a file names would be loaded from a folder of plugins. Whose file could not be
 * closed crashes in HDF5's own cleaning up at exit; nothing needs that. */
void h5_quiet(void) {
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
}

static herr_t first_line(unsigned n, const H5E_error2_t *error, void *out) {
  (void)n;
  char *text = out;
  if (error->desc && text[0] == '\0') {
    strncpy(text, error->desc, H5_REASON - 1);
    text[H5_REASON - 1] = '\0';
  }
  return 0;
}

const char *h5_reason(char out[H5_REASON]) {
  out[0] = '\0';
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_line, out);
  if (out[0] == '\0') strcpy(out, "no reason given");
  return out;
}

hid_t h5_memory_type(H5Type type) {
  switch (type) {
  case H5_U8:
    return H5T_NATIVE_UINT8;
  case H5_I32:
    return H5T_NATIVE_INT32;
  case H5_I64:
    return H5T_NATIVE_INT64;
  case H5_F32:
    return H5T_NATIVE_FLOAT;
  case H5_F64:
    break;
  }
  return H5T_NATIVE_DOUBLE;
}

/* Every link on the way must be a hard one; the prefixes of the path are tried in turn. */
static Status check_links(const H5In *in, const char *path, Err *e) {
  char part[256];
  size_t length = strlen(path);
  CHECK(e, length < sizeof part, E_INTERNAL, "%s: %s is too long", in->name, path);
  for (size_t i = 1; i <= length && length > 1; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    memcpy(part, path, i);
    part[i] = '\0';
    H5L_info_t link;
    CHECK(e, H5Lexists(in->file, part, H5P_DEFAULT) > 0, E_DATA, "%s: has no %s", in->name, part);
    CHECK(e, H5Lget_info(in->file, part, &link, H5P_DEFAULT) >= 0, E_DATA, "%s: %s cannot be read",
          in->name, part);
    CHECK(e, link.type == H5L_TYPE_HARD, E_DATA,
          "%s: %s is a link to somewhere else, which is not followed; copy the data into the file",
          in->name, part);
  }
  return OK;
}

Status h5_open_object(const H5In *in, const char *path, hid_t *object, Err *e) {
  char why[H5_REASON];
  *object = -1;
  TRY(check_links(in, path, e));
  *object = H5Oopen(in->file, path, H5P_DEFAULT);
  CHECK(e, *object >= 0, E_DATA, "%s: %s is damaged: %s", in->name, path, h5_reason(why));
  return OK;
}

/* Dimensions and type. */
static Status describe(const H5In *in, const char *path, hid_t space, hid_t type, H5Info *info,
                       Err *e) {
  hsize_t dims[H5S_MAX_RANK];
  info->n_dims = H5Sget_simple_extent_ndims(space);
  CHECK(e, info->n_dims >= 0 && info->n_dims <= H5_MAX_DIMS, E_DATA,
        "%s: %s has %d dimensions; at most %d are read", in->name, path, info->n_dims, H5_MAX_DIMS);
  CHECK(e, H5Sget_simple_extent_type(space) != H5S_NULL, E_DATA, "%s: %s is empty", in->name, path);
  H5Sget_simple_extent_dims(space, dims, NULL);
  info->count = 1;
  for (int i = 0; i < info->n_dims; i++) {
    CHECK(e,
          dims[i] <= INT64_MAX / 1024 &&
              (info->count == 0 || dims[i] <= (hsize_t)(INT64_MAX / 1024 / info->count)),
          E_DATA, "%s: %s declares an impossible size", in->name, path);
    info->dims[i] = (int64_t)dims[i];
    info->count *= info->dims[i];
  }
  H5T_class_t class = H5Tget_class(type);
  CHECK(e, class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_STRING, E_DATA,
        "%s: %s holds neither numbers nor text", in->name, path);
  info->class = class == H5T_INTEGER ? H5_INTEGER : class == H5T_FLOAT ? H5_FLOAT : H5_STRING;
  info->is_signed = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
  info->bytes = H5Tget_size(type);
  CHECK(e, info->bytes > 0 && (class == H5T_STRING || info->bytes <= 16), E_DATA,
        "%s: %s has numbers of %zu bytes", in->name, path, info->bytes);
  return OK;
}

static Status check_filters(const H5In *in, const char *path, hid_t create, Err *e) {
  const int n = H5Pget_nfilters(create);
  CHECK(e, n >= 0, E_DATA, "%s: %s is packed in a way that cannot be read", in->name, path);
  for (int i = 0; i < n; i++) {
    unsigned flags, config;
    size_t n_values = 0;
    char name[64] = "";
    H5Z_filter_t id =
        H5Pget_filter2(create, (unsigned)i, &flags, &n_values, NULL, sizeof name, name, &config);
    CHECK(e, id > 0 && id <= H5Z_FILTER_SCALEOFFSET && H5Zfilter_avail(id) > 0, E_DATA,
          "%s: %s is packed by filter %d%s%.40s, which is not part of HDF5; pack it with gzip or "
          "not at all",
          in->name, path, (int)id, name[0] ? " " : "", name);
  }
  return OK;
}

/*
 * A file of s bytes holds at most s bytes of plain data, and deflate, the best packer of those in
 * use, makes at most 1,032 bytes of one.
 */
static Status check_storage(const H5In *in, const char *path, hid_t dataset, hid_t create,
                            H5Info *info, Err *e) {
  H5D_layout_t layout = H5Pget_layout(create);
  CHECK(e, H5Pget_external_count(create) == 0 && layout != H5D_VIRTUAL && layout >= 0, E_DATA,
        "%s: %s keeps its data in other files, which are not opened; copy the data into the file",
        in->name, path);
  TRY(check_filters(in, path, create, e));
  bool packed = layout == H5D_CHUNKED && H5Pget_nfilters(create) > 0;
  uint64_t most = packed ? in->size * 1032 : in->size;
  CHECK(e, (uint64_t)info->count <= most / info->bytes, E_DATA,
        "%s: %s declares %lld values of %zu bytes, which a file of %llu bytes cannot hold",
        in->name, path, (long long)info->count, info->bytes, (unsigned long long)in->size);
  if (layout == H5D_CHUNKED) {
    hsize_t chunk[H5S_MAX_RANK], one = 1;
    int n = H5Pget_chunk(create, H5S_MAX_RANK, chunk);
    for (int i = 0; i < n; i++) one = chunk[i] > most / one ? most + 1 : one * chunk[i];
    CHECK(e, n >= 0 && one <= most / info->bytes + 4096, E_DATA,
          "%s: %s declares chunks larger than the file", in->name, path);
  }
  if (layout == H5D_CONTIGUOUS && info->count > 0) {
    haddr_t offset = H5Dget_offset(dataset);
    info->contiguous = offset != HADDR_UNDEF && offset < in->size &&
                       (uint64_t)info->count * info->bytes <= in->size - offset;
    CHECK(e, info->contiguous || H5Dget_storage_size(dataset) == 0, E_DATA,
          "%s: %s reaches beyond the end of the file", in->name, path);
    info->offset = offset;
  }
  return OK;
}

static Status inspect(const H5In *in, const char *path, hid_t dataset, hid_t ids[3], H5Info *info,
                      Err *e) {
  char why[H5_REASON];
  *info = (H5Info){0};
  CHECK(e, H5Iget_type(dataset) == H5I_DATASET, E_DATA, "%s: %s is not a dataset", in->name, path);
  ids[0] = H5Dget_space(dataset);
  ids[1] = H5Dget_type(dataset);
  ids[2] = H5Dget_create_plist(dataset);
  CHECK(e, ids[0] >= 0 && ids[1] >= 0 && ids[2] >= 0, E_DATA, "%s: %s is damaged: %s", in->name,
        path, h5_reason(why));
  TRY(describe(in, path, ids[0], ids[1], info, e));
  TRY(check_storage(in, path, dataset, ids[2], info, e));
  hid_t native = H5Tget_native_type(ids[1], H5T_DIR_ASCEND);
  info->native = native >= 0 && H5Tequal(native, ids[1]) > 0;
  if (native >= 0) H5Tclose(native);
  return OK;
}

Status h5_open_dataset(const H5In *in, const char *path, hid_t *dataset, H5Info *info, Err *e) {
  hid_t ids[3] = {-1, -1, -1};
  TRY(h5_open_object(in, path, dataset, e));
  Status status = inspect(in, path, *dataset, ids, info, e);
  if (ids[0] >= 0) H5Sclose(ids[0]);
  if (ids[1] >= 0) H5Tclose(ids[1]);
  if (ids[2] >= 0) H5Pclose(ids[2]);
  if (status != OK) {
    H5Oclose(*dataset);
    *dataset = -1;
  }
  return status;
}

Status h5_inspect(const H5In *in, const char *path, H5Info *info, Err *e) {
  hid_t dataset;
  TRY(h5_open_dataset(in, path, &dataset, info, e));
  H5Oclose(dataset);
  return OK;
}
