/* replay FILE|FOLDER...: gives a fuzz target (fuzz.h) each of these files, in order of their names. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static int n_files;

static void replay_file(const char *path) {
  FILE *f = fopen(path, "rb");
  struct stat st;
  if (!f || fstat(fileno(f), &st) != 0) {
    perror(path);
    exit(1);
  }
  /* No byte more than there is, so that the address sanitizer sees a read beyond. */
  uint8_t *bytes = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
  if (!bytes || fread(bytes, 1, (size_t)st.st_size, f) != (size_t)st.st_size) exit(1);
  fclose(f);
  printf("%s\n", path);
  fflush(stdout);
  LLVMFuzzerTestOneInput(bytes, (size_t)st.st_size);
  free(bytes);
  n_files++;
}

static void replay(const char *path) {
  struct dirent **found;
  struct stat st;
  if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
    replay_file(path);
    return;
  }
  int n = scandir(path, &found, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    char name[512];
    snprintf(name, sizeof name, "%s/%s", path, found[i]->d_name);
    if (found[i]->d_name[0] != '.') replay_file(name);
    free(found[i]);
  }
  if (n >= 0) free(found);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) replay(argv[i]);
  printf("%d inputs\n", n_files);
  return n_files > 0 ? 0 : 1;
}
