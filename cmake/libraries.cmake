# What caviar uses and does not write. Each is an imported target lib::<name>.
find_package(PkgConfig REQUIRED)
function(caviar_pkg name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
  add_library(lib::${name} ALIAS PkgConfig::${name})
endfunction()

caviar_pkg(yaml yaml-0.1)
caviar_pkg(jansson jansson)
caviar_pkg(xxhash libxxhash)
caviar_pkg(openblas openblas)

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
add_library(lib::zlib ALIAS ZLIB::ZLIB)

# HDF5: the serial C library; Debian keeps it apart from the parallel one under hdf5-serial.
find_package(HDF5 REQUIRED COMPONENTS C)
add_library(lib_hdf5 INTERFACE)
target_include_directories(lib_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(lib_hdf5 INTERFACE ${HDF5_C_LIBRARIES})
add_library(lib::hdf5 ALIAS lib_hdf5)

find_package(MPI REQUIRED COMPONENTS C)
add_library(lib::mpi ALIAS MPI::MPI_C)
