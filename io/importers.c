/* The registry of importers. */
#include "dataset.h"

#define IO_IMPORTER(name) extern const Importer io_importer_##name;
#include "importers.def"
#undef IO_IMPORTER
#define IO_IMPORTER(name) &io_importer_##name.head,
static const Kind *const kinds[] = {
#include "importers.def"
};
const Registry io_importers = {.noun = "format", .kinds = kinds, .n = COUNT(kinds)};
