/* caviar import csv|idx FILE -o OUT.h5 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "command.h"
#include "io/dataset.h"
#include "io/files.h"

extern const Command run_command_import;

typedef struct {
  const char *format, *file, *out;
  ImportOptions options;
} ImportArguments;

/* "-o OUT", "-oOUT", "--target=C" and "--target C". NULL and an error: no value. *i moves on. */
static Status option_value(int argc, char **argv, int *i, const char *name, const char **value,
                           Err *e) {
  const char *rest = argv[*i] + strlen(name);
  if (*rest == '=' && name[1] == '-') rest++;
  if (*rest == '\0' && argv[*i][strlen(name)] == '\0') {
    CHECK(e, *i + 1 < argc, E_USAGE, "%s needs a value; caviar import --help says more", name);
    rest = argv[++*i];
  }
  *value = rest;
  return OK;
}

static bool is_option(const char *argument, const char *name) {
  size_t n = strlen(name);
  if (strncmp(argument, name, n) != 0) return false;
  return name[1] != '-' || argument[n] == '\0' || argument[n] == '=';
}

static Status parse(int argc, char **argv, ImportArguments *out, Err *e) {
  bool only_files = false;
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    const char **place = NULL, *name = NULL;
    if (!only_files && word[0] == '-' && word[1]) {
      if (str_eq(word, "--")) {
        only_files = true;
      } else if (str_eq(word, "--values")) {
        out->options.values = true;
      } else if (is_option(word, "--target")) {
        place = &out->options.target, name = "--target";
      } else if (is_option(word, "--labels")) {
        place = &out->options.labels, name = "--labels";
      } else if (is_option(word, "--output")) {
        place = &out->out, name = "--output";
      } else if (is_option(word, "-o")) {
        place = &out->out, name = "-o";
      } else {
        FAIL(e, E_USAGE, "unknown option %s; usage: caviar %s", word, run_command_import.usage);
      }
      if (place) TRY(option_value(argc, argv, &i, name, place, e));
    } else if (!out->format) {
      out->format = word;
    } else if (!out->file) {
      out->file = word;
    } else {
      FAIL(e, E_USAGE, "one file at a time: %s is too much", word);
    }
  }
  CHECK(e, out->format && out->file && out->out, E_USAGE, "usage: caviar %s",
        run_command_import.usage);
  return OK;
}

static Status find_importer(Arena *a, const char *name, const Importer **out, Err *e) {
  *out = (const Importer *)kind_find(&io_importers, name);
  if (*out) return OK;
  Str known = str_new(a);
  for (int i = 0; i < io_importers.n; i++)
    str_addf(&known, "%s%s", i > 0 ? ", " : "", io_importers.kinds[i]->name);
  FAIL(e, E_USAGE, "unknown format \"%s\"; known are: %s", name, str_text(&known));
}

static void print_summary(const IoDataset *d, const char *path) {
  static const char *const types[] = {
      [IO_U8] = "uint8", [IO_F32] = "float32", [IO_F64] = "float64"};
  char rows[32], features[32], classes[32];
  printf("%s: %s rows, %s features (%s), ", path, str_count(d->n, rows), str_count(d->d, features),
         types[d->x_type]);
  if (d->labels)
    printf("%s classes", str_count(d->n_classes, classes));
  else
    printf("a number to predict");
  printf(", fingerprint %s\n", d->fingerprint);
}

static Status import_main(Arena *a, int argc, char **argv, Err *e) {
  ImportArguments args = {0};
  const Importer *importer;
  IoDataset d;
  TRY(parse(argc, argv, &args, e));
  TRY(find_importer(a, args.format, &importer, e));
  TRY(importer->import(a, args.file, &args.options, &d, e));
  TRY(io_dataset_write(&d, args.out, e));
  print_summary(&d, args.out);
  return OK;
}

const Command run_command_import = {
    .name = "import",
    .usage = "import csv|idx FILE -o OUT.h5 [--target C] [--labels F] [--values]",
    .doc = "make a dataset of a CSV file or of MNIST's IDX files",
    .help =
        "  -o OUT.h5     the dataset; an existing one is replaced when the new one is complete\n"
        "  --target C    csv: the column to predict, by name or by number from 1 (default: the "
        "last)\n"
        "  --values      csv: the target is a number to predict, not a class\n"
        "  --labels F    idx: the file of the labels (default: found beside the images by its "
        "name)\n"
        "\n"
        "csv: comma, semicolon or tab; a header is seen by itself. Labels may be whole numbers or\n"
        "text. idx: plain or .gz.\n"
        "\n"
        "  caviar import csv iris.csv -o iris.h5 --target species\n"
        "  caviar import idx train-images-idx3-ubyte.gz -o mnist.h5\n",
    .main = import_main,
};
