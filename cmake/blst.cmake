# blst: the C library for BLS12-381, compiled from its source. Either a copy that the user names (HOLDFAST_BLST_DIR), or the
# pinned archive that scripts/fetch-blst brings once into the user's cache and checks by hash.
if(NOT HOLDFAST_BLST_DIR)
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/fetch-blst RESULT_VARIABLE result
                    OUTPUT_VARIABLE HOLDFAST_BLST_FOUND OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_VARIABLE why ERROR_STRIP_TRAILING_WHITESPACE)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${why}")
    endif()
else()
    set(HOLDFAST_BLST_FOUND ${HOLDFAST_BLST_DIR})
endif()
foreach(file src/server.c build/assembly.S bindings/blst.h)
    if(NOT EXISTS ${HOLDFAST_BLST_FOUND}/${file})
        message(FATAL_ERROR "no ${file} in ${HOLDFAST_BLST_FOUND}: HOLDFAST_BLST_DIR must name a copy of blst's source tree")
    endif()
endforeach()

add_library(blst STATIC ${HOLDFAST_BLST_FOUND}/src/server.c ${HOLDFAST_BLST_FOUND}/build/assembly.S)
# Portable: whether the CPU has ADX is found out when it runs, not on the machine that compiles.
target_compile_definitions(blst PRIVATE __BLST_PORTABLE__)
target_compile_options(blst PRIVATE $<$<COMPILE_LANGUAGE:C>:-O2 -fno-builtin -w>)
set_target_properties(blst PROPERTIES POSITION_INDEPENDENT_CODE ON C_CLANG_TIDY "")
target_include_directories(blst SYSTEM INTERFACE ${HOLDFAST_BLST_FOUND}/bindings)
