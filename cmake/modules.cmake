# holdfast_module(NAME SOURCES a.cpp ... LINKS base ...): one folder, one static library holdfast_NAME.
# holdfast_program(NAME SOURCES main.cpp ... LINKS ...): an executable called NAME.
# holdfast_python_test(NAME MODULE x_test [LABELS ...] [TIMEOUT s] [PATH DIR]): Python's unittest, run in this folder; one CTest test.
#   It finds the programs in HOLDFAST_BIN, scripts/harness (and PATH) among its modules.
# holdfast_test(NAME SOURCES x_test.cpp ... LINKS ... [LABELS ...] [TIMEOUT s]): a GoogleTest program; one CTest test, labelled.
function(holdfast_setup target)
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${HOLDFAST_WARNINGS}>)
    if(HOLDFAST_CLANG_TIDY)
        set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY "clang-tidy-14;--quiet")
    endif()
endfunction()

function(holdfast_links target)
    foreach(link ${ARGN})
        if(TARGET holdfast_${link})
            target_link_libraries(${target} PUBLIC holdfast_${link})
        else()
            target_link_libraries(${target} PUBLIC ${link})
        endif()
    endforeach()
endfunction()

function(holdfast_module name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    add_library(holdfast_${name} STATIC ${ARG_SOURCES})
    holdfast_setup(holdfast_${name})
    holdfast_links(holdfast_${name} ${ARG_LINKS})
endfunction()

function(holdfast_program name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    holdfast_setup(${name})
    holdfast_links(${name} ${ARG_LINKS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

function(holdfast_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    add_executable(${name} ${ARG_SOURCES})
    holdfast_setup(${name})
    holdfast_links(${name} ${ARG_LINKS} GTest::gtest GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
        ENVIRONMENT "HOLDFAST_SHARED=${CMAKE_SOURCE_DIR}/../shared;HOLDFAST_BIN=${CMAKE_BINARY_DIR}/bin")
endfunction()

function(holdfast_python_test name)
    cmake_parse_arguments(ARG "" "MODULE;TIMEOUT;PATH" "LABELS" ${ARGN})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 240)
    endif()
    find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
    set(path "${CMAKE_SOURCE_DIR}/scripts")
    if(ARG_PATH)
        string(APPEND path ":${ARG_PATH}")
    endif()
    add_test(NAME ${name}
             COMMAND ${Python3_EXECUTABLE} -B -m unittest -v ${ARG_MODULE}
             WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
        ENVIRONMENT "HOLDFAST_SHARED=${CMAKE_SOURCE_DIR}/../shared;HOLDFAST_BIN=${CMAKE_BINARY_DIR}/bin;PYTHONPATH=${path}")
endfunction()
