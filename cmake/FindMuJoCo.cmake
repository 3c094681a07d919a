# Finds MuJoCo as scripts/setup.sh lays it down, or at MUJOCO_ROOT (CMake variable or environment): target
# MuJoCo::MuJoCo, variables MuJoCo_VERSION, MuJoCo_LIBRARY. Also accepts the folder of the Python package,
# where the library lies beside include/. The installed package carries this module too; there the runtime
# lies in the package's own prefix.
set(_mujoco_hint "${MUJOCO_ROOT}")
if(NOT _mujoco_hint)
    set(_mujoco_hint "$ENV{MUJOCO_ROOT}")
endif()
if(NOT _mujoco_hint)
    set(_mujoco_hint "${CMAKE_CURRENT_LIST_DIR}/../third_party/mujoco-4.0.0")
endif()

find_path(MuJoCo_INCLUDE_DIR mujoco/mujoco.h HINTS ${_mujoco_hint}/include NO_DEFAULT_PATH)
find_library(MuJoCo_LIBRARY NAMES libmujoco.so.4.0.0 libmujoco.so
             HINTS ${_mujoco_hint}/lib ${_mujoco_hint} NO_DEFAULT_PATH)
if(MuJoCo_INCLUDE_DIR)
    # One number: 4 000 000 is 4.0.0.
    file(STRINGS ${MuJoCo_INCLUDE_DIR}/mujoco/mujoco.h _mujoco_line REGEX "#define mjVERSION_HEADER +[0-9]+")
    string(REGEX MATCH "[0-9]+$" _mujoco_number "${_mujoco_line}")
    if(_mujoco_number)
        math(EXPR _mujoco_major "${_mujoco_number} / 1000000")
        math(EXPR _mujoco_minor "${_mujoco_number} / 1000 % 1000")
        math(EXPR _mujoco_patch "${_mujoco_number} % 1000")
        set(MuJoCo_VERSION "${_mujoco_major}.${_mujoco_minor}.${_mujoco_patch}")
    endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
    MuJoCo
    REQUIRED_VARS MuJoCo_LIBRARY MuJoCo_INCLUDE_DIR
    VERSION_VAR MuJoCo_VERSION HANDLE_VERSION_RANGE
    REASON_FAILURE_MESSAGE "Run scripts/setup.sh, or set MUJOCO_ROOT (looked in ${_mujoco_hint}).")

if(MuJoCo_FOUND AND NOT TARGET MuJoCo::MuJoCo)
    file(REAL_PATH "${MuJoCo_LIBRARY}" MuJoCo_LIBRARY)
    add_library(MuJoCo::MuJoCo SHARED IMPORTED)
    set_target_properties(MuJoCo::MuJoCo PROPERTIES IMPORTED_LOCATION ${MuJoCo_LIBRARY}
                          INTERFACE_INCLUDE_DIRECTORIES ${MuJoCo_INCLUDE_DIR})
endif()
