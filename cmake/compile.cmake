# One set of flags for every file. Bits depend on these three: no contraction (kernels say fma where they
# mean it), and the two that let sqrt and conversions vectorise without changing a result.
add_compile_options(
  -ffp-contract=off -fno-math-errno -fno-trapping-math
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror)
# A loop that clang can't vectorise (f64 functions) is no mistake.
add_compile_options($<$<C_COMPILER_ID:Clang>:-Wno-pass-failed>)
add_compile_definitions(_POSIX_C_SOURCE=200809L)
include_directories(${PROJECT_SOURCE_DIR})

if(CAVIAR_FUZZ)
  set(CAVIAR_SANITIZE ON)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(CAVIAR_SANITIZE)
  # -O1: instrumented, the unrolled kernels take minutes to compile at -O3.
  add_compile_options(-O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# A folder is a static library of all its .c files (but those named in EXCEPT).
function(caviar_library name)
  cmake_parse_arguments(ARG "" "" "EXCEPT;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  foreach(except ${ARG_EXCEPT})
    list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${except})
  endforeach()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
endfunction()
