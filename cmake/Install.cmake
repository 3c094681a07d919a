# cmake --install: bin/demomill, lib/libdemomill.a with headers and the CMake package demomill::demomill,
# share/demomill with robots, tasks and maps, and the MuJoCo runtime beside it all. The tree can be moved.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/demomill)

install(TARGETS libdemomill demomill_libm EXPORT demomillTargets ARCHIVE)
install(FILES ${DEMOMILL_LIBM_OBJECT} ${DEMOMILL_LIBM_EXPORTS} DESTINATION ${CMAKE_INSTALL_LIBDIR}/demomill)
foreach(room base control sim generators datasets)
    install(DIRECTORY ${room} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/demomill
            FILES_MATCHING PATTERN "*.h" PATTERN "*_priv.h" EXCLUDE)
endforeach()

install(DIRECTORY maps robots tasks DESTINATION ${CMAKE_INSTALL_DATADIR}/demomill)
install(FILES LICENSE THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(FILES ${MuJoCo_LIBRARY} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${MuJoCo_INCLUDE_DIR}/mujoco DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
foreach(text LICENSE LICENSES_THIRD_PARTY.md)
    install(FILES ${MuJoCo_INCLUDE_DIR}/../${text} DESTINATION ${CMAKE_INSTALL_DOCDIR}/mujoco OPTIONAL)
endforeach()

configure_package_config_file(cmake/demomillConfig.cmake.in ${CMAKE_BINARY_DIR}/cmake/demomillConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change anything.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cmake/demomillConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/cmake/demomillConfig.cmake ${CMAKE_BINARY_DIR}/cmake/demomillConfigVersion.cmake
              cmake/FindMuJoCo.cmake DESTINATION ${package_dir})
install(EXPORT demomillTargets NAMESPACE demomill:: DESTINATION ${package_dir})
