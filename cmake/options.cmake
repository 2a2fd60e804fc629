option(HOLDFAST_BENCHMARKS "build bench/" OFF)
option(HOLDFAST_CLANG_TIDY "run clang-tidy on each source as it is compiled" OFF)
option(HOLDFAST_FUZZ "fuzz targets with libFuzzer (clang) instead of the replay of their corpus" OFF)
set(HOLDFAST_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them")
set(HOLDFAST_BLST_DIR "" CACHE PATH "a copy of blst's C sources (with src/, build/ and bindings/); empty: fetched, pinned by hash")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Dev)
endif()
# At this level GCC 12 mistakes the frames of some coroutines for memory of another allocator.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1 -Wno-mismatched-new-delete")
set(CMAKE_C_FLAGS_DEV "-O2 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()

if(HOLDFAST_SANITIZE)
    add_compile_options(-fsanitize=${HOLDFAST_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${HOLDFAST_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
        add_compile_options(-fno-sanitize=function) # Clang 14 can't compile coroutines with it
    endif()
    if(HOLDFAST_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        add_compile_options(-Wno-tsan) # GCC warns about fences in Asio that TSan does not model
    endif()
endif()

if(HOLDFAST_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
    add_link_options(-fsanitize=fuzzer-no-link)
endif()

set(HOLDFAST_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
    -Wmissing-declarations -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    list(APPEND HOLDFAST_WARNINGS -fcoroutines)
endif()
