/* caviar import csv|idx|npy FILE -o OUT.h5 */
#include <getopt.h>
#include <stdio.h>

#include "base/str.h"
#include "command.h"
#include "io/dataset.h"

extern const Command run_command_import;

typedef struct {
  const char *format, *file, *out;
  ImportOptions options;
} ImportArguments;

static Status parse(int argc, char **argv, ImportArguments *out, Err *e) {
  static const struct option long_options[] = {{"output", required_argument, NULL, 'o'},
                                               {"target", required_argument, NULL, 't'},
                                               {"labels", required_argument, NULL, 'l'},
                                               {"values", no_argument, NULL, 'v'},
                                               {NULL, 0, NULL, 0}};
  optind = 0; /* start again, whatever was parsed before */
  for (int c; (c = getopt_long(argc, argv, ":o:", long_options, NULL)) != -1;) {
    switch (c) {
    case 'o':
      out->out = optarg;
      break;
    case 't':
      out->options.target = optarg;
      break;
    case 'l':
      out->options.labels = optarg;
      break;
    case 'v':
      out->options.values = true;
      break;
    case ':':
      FAIL(e, E_USAGE, "import: %s wants a value", argv[optind - 1]);
    default:
      FAIL(e, E_USAGE, "import: unknown option \"%s\"; see `caviar import --help`",
           argv[optind - 1]);
    }
  }
  CHECK(e, argc - optind == 2 && out->out, E_USAGE, "usage: caviar %s", run_command_import.usage);
  out->format = argv[optind];
  out->file = argv[optind + 1];
  return OK;
}

static Status check_output(const ImportArguments *args, Err *e) {
  CHECK(e, str_ends(args->out, ".h5") || str_ends(args->out, ".hdf5"), E_USAGE,
        "%s: a dataset is written to a file that ends in .h5", args->out);
  TRY(command_keep(args->file, args->out, e));
  return command_keep(args->options.labels, args->out, e);
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
  char rows[32], features[32], classes[32];
  printf("%s: %s rows, %s features (%s), ", path, str_count(d->n, rows), str_count(d->d, features),
         io_type_name(d->x_type));
  if (d->labels)
    printf("%s classes", str_count(d->n_classes, classes));
  else if (d->n_values > 1)
    printf("%s numbers to predict", str_count(d->n_values, classes));
  else
    printf(d->values ? "a number to predict" : "nothing to learn");
  printf(", fingerprint %s\n", d->fingerprint);
}

static Status import_main(Arena *a, int argc, char **argv, Err *e) {
  ImportArguments args = {0};
  const Importer *importer;
  IoDataset d;
  TRY(parse(argc, argv, &args, e));
  TRY(check_output(&args, e));
  TRY(find_importer(a, args.format, &importer, e));
  TRY(importer->import(a, args.file, &args.options, &d, e));
  TRY(io_dataset_write(&d, args.out, e));
  print_summary(&d, args.out);
  return OK;
}

const Command run_command_import = {
    .name = "import",
    .usage = "import csv|idx|npy FILE -o OUT.h5 [--target C] [--labels F] [--values]",
    .doc = "make a dataset of a CSV file, of MNIST's IDX files or of numpy's arrays",
    .help =
        "  -o OUT.h5     the dataset; an existing one is replaced when the new one is complete\n"
        "  --target C    csv: the column to predict, by name or by number from 1 (default: the "
        "last)\n"
        "  --values      csv, npy: the target is a number to predict, not a class\n"
        "  --labels F    idx: the file of the labels (default: found beside the images by its "
        "name)\n"
        "                npy: an array of whole numbers (classes) or of floats (to predict)\n"
        "\n"
        "csv: comma, semicolon or tab; a header is seen by itself. Labels may be whole numbers or\n"
        "text. idx: plain or .gz. npy: rows (n, d) or (n, h, w ..); without labels to be "
        "predicted.\n"
        "\n"
        "  caviar import csv iris.csv -o iris.h5 --target species\n"
        "  caviar import idx train-images-idx3-ubyte.gz -o mnist.h5\n"
        "  caviar import npy x.npy --labels y.npy -o mine.h5\n",
    .main = import_main,
};
