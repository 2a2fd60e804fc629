# Everything from the distribution but blst. docs/dependencies.md says what each is for.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(JSONCPP REQUIRED IMPORTED_TARGET jsoncpp)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
if(HOLDFAST_BENCHMARKS)
    find_package(benchmark REQUIRED)
endif()

# Asio and Beast are compiled as they are used; these keep what every object would repeat out of it.
add_library(holdfast_boost INTERFACE)
target_link_libraries(holdfast_boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(holdfast_boost INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)

include(blst)
