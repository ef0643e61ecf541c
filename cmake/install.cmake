# What `cmake --install` puts where: the program, and nn as a library for C programs (caviar::nn).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# base and nn in one archive, libcaviar_nn.a.
set(objects $<TARGET_OBJECTS:base> $<TARGET_OBJECTS:nn>)
foreach(level portable avx2 avx512)
  if(TARGET nn_${level})
    list(APPEND objects $<TARGET_OBJECTS:nn_${level}>)
  endif()
endforeach()
add_library(caviar_nn STATIC ${objects})
set_target_properties(caviar_nn PROPERTIES LINKER_LANGUAGE C EXPORT_NAME nn)
target_include_directories(caviar_nn INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/caviar>)
target_link_libraries(caviar_nn INTERFACE PkgConfig::openblas m)

install(TARGETS caviar caviar_nn EXPORT caviar
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

# The public headers, and what they include.
set(headers ${CMAKE_INSTALL_INCLUDEDIR}/caviar)
install(FILES nn/nn.h nn/ops.h DESTINATION ${headers}/nn)
install(FILES base/arena.h base/cpu.h base/err.h base/param.h base/scalar.h base/str.h
  DESTINATION ${headers}/base)

# find_package(caviar), and pkg-config caviar_nn.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/caviar)
install(EXPORT caviar NAMESPACE caviar:: FILE caviar-targets.cmake DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/caviar-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES cmake/caviar-config.cmake ${PROJECT_BINARY_DIR}/caviar-config-version.cmake
  DESTINATION ${package})
file(RELATIVE_PATH includes /${CMAKE_INSTALL_LIBDIR}/pkgconfig /${CMAKE_INSTALL_INCLUDEDIR})
configure_file(cmake/caviar_nn.pc.in caviar_nn.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/caviar_nn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY nn/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/caviar)
