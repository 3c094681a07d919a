# How a room, an executable, a controller and a test are declared. Every binary lands where its installed twin
# would lie (bin/, lib/demomill/, share/demomill/), so that a program finds its files the same way in both.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/demomill)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

# Data is used in place: build/<preset>/share/demomill/robots is the source folder itself.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/demomill)
foreach(folder maps robots tasks)
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${CMAKE_BINARY_DIR}/share/demomill/${folder} SYMBOLIC)
endforeach()

add_library(demomill_options INTERFACE)
target_include_directories(demomill_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(demomill_options INTERFACE _GNU_SOURCE)
target_compile_options(
    demomill_options
    INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
              -Wvla -Werror -ffp-contract=off)
# A builtin may be folded with other bits, or fused (sin and cos into sincos); these are always calls.
list(TRANSFORM DEMOMILL_LIBM_FUNCTIONS PREPEND -fno-builtin- OUTPUT_VARIABLE _no_builtin)
target_compile_options(demomill_options INTERFACE ${_no_builtin})
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
if(DEMOMILL_SANITIZE)
    set(_sanitize -fsanitize=${DEMOMILL_SANITIZE} -fno-omit-frame-pointer)
    if(DEMOMILL_SANITIZE MATCHES "undefined")
        list(APPEND _sanitize -fno-sanitize-recover=undefined)
    endif()
    target_compile_options(demomill_options INTERFACE ${_sanitize})
    target_link_options(demomill_options INTERFACE ${_sanitize})
endif()

# demomill_room(base SOURCES a.c … LINKS rooms… FOREIGN libraries… EXPOSES libraries…)
#
# One static library per room. LINKS are the rooms it may use, FOREIGN the foreign libraries it keeps to itself,
# EXPOSES those whose types stand in its headers.
function(demomill_room name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS;FOREIGN;EXPOSES")
    set(target demomill_${name})
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PUBLIC demomill_options ${arg_EXPOSES} PRIVATE ${arg_FOREIGN} m)
    list(TRANSFORM arg_LINKS PREPEND demomill_)
    target_link_libraries(${target} PUBLIC ${arg_LINKS})
    set_property(GLOBAL APPEND PROPERTY DEMOMILL_ROOMS ${target})
endfunction()

# libdemomill: the rooms below cli/ in one archive, for other people's programs.
function(demomill_library)
    get_property(rooms GLOBAL PROPERTY DEMOMILL_ROOMS)
    list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
    add_library(libdemomill STATIC ${objects})
    set_target_properties(libdemomill PROPERTIES OUTPUT_NAME demomill EXPORT_NAME demomill LINKER_LANGUAGE C)
    target_include_directories(
        libdemomill INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/demomill>)
    target_link_libraries(
        libdemomill PUBLIC demomill_libm MuJoCo::MuJoCo OpenMP::OpenMP_C
        PRIVATE PkgConfig::CYAML PkgConfig::HDF5 PkgConfig::DEFLATE PkgConfig::JANSSON m)
endfunction()

# demomill_executable(name SOURCES … LIBS …): a program whose mathematics is the portable libm's, for itself
# and for everything it loads.
function(demomill_executable name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LIBS} demomill_options demomill_libm m ${CMAKE_DL_LIBS})
    set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
endfunction()

# demomill_controller(name SOURCES … LIBS …): a controller as a shared object. Its mathematics comes from the
# program that loads it; of MuJoCo it uses the copy already loaded.
function(demomill_controller name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
    add_library(${name} MODULE ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LIBS} demomill_options m)
    set_target_properties(${name} PROPERTIES PREFIX "" INSTALL_RPATH "$ORIGIN/..")
    install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/demomill)
endfunction()
