# One object file, portable_libm.o, with the elementary functions of musl's libm, linked into every executable.
#
# glibc chooses its sin, exp, pow … by CPU, and the FMA variants round differently, so the same seed gives other
# bytes on another machine. An executable that defines these functions and exports them wins over libm.so for
# everything loaded with it, libmujoco.so and controllers included. musl's are plain C: SSE2 only, the same
# everywhere. Its helpers (__sin, __exp_data …) are made local here, so that nothing else can meet them.
#
# The functions that round correctly by definition (sqrt, floor, fabs, scalbn) stay glibc's.
set(DEMOMILL_LIBM_FUNCTIONS
    sin cos sincos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh
    exp exp2 expm1 log log2 log10 log1p pow cbrt hypot fmod
    sinf cosf sincosf tanf asinf acosf atanf atan2f
    expf exp2f logf log2f log10f powf cbrtf hypotf fmodf)
set(_libm_helpers
    __sin __cos __tan __rem_pio2 __rem_pio2_large __expo2 __math_oflow __math_uflow __math_xflow
    __math_divzero __math_invalid exp_data log_data log2_data pow_data
    __sindf __cosdf __tandf __rem_pio2f __math_oflowf __math_uflowf __math_xflowf
    __math_divzerof __math_invalidf exp2f_data logf_data log2f_data powf_data)
set(_libm_may_need __stack_chk_fail sqrt sqrtf fabs fabsf floor scalbn)

find_file(MUSL_LIBC libc.a PATHS /usr/lib/x86_64-linux-musl NO_DEFAULT_PATH)
if(NOT MUSL_LIBC)
    message(FATAL_ERROR "musl's libc.a not found (package musl-dev): run scripts/setup.sh")
endif()

function(_demomill_run)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${_libm_dir} OUTPUT_VARIABLE out
                    ERROR_VARIABLE err RESULT_VARIABLE rc)
    if(NOT rc EQUAL 0)
        list(JOIN ARGN " " line)
        message(FATAL_ERROR "portable libm: '${line}' failed: ${err}")
    endif()
    set(out "${out}" PARENT_SCOPE)
endfunction()

set(_libm_dir ${CMAKE_BINARY_DIR}/portable_libm)
set(DEMOMILL_LIBM_OBJECT ${_libm_dir}/portable_libm.o)
set(DEMOMILL_LIBM_EXPORTS ${_libm_dir}/exports.list)
if(NOT EXISTS ${DEMOMILL_LIBM_OBJECT} OR ${CMAKE_CURRENT_LIST_FILE} IS_NEWER_THAN ${DEMOMILL_LIBM_OBJECT})
    file(REMOVE_RECURSE ${_libm_dir})
    file(MAKE_DIRECTORY ${_libm_dir})
    list(TRANSFORM DEMOMILL_LIBM_FUNCTIONS APPEND .lo OUTPUT_VARIABLE _libm_members)
    list(TRANSFORM _libm_helpers APPEND .lo OUTPUT_VARIABLE _libm_helper_members)
    list(APPEND _libm_members ${_libm_helper_members})
    _demomill_run(${CMAKE_AR} x ${MUSL_LIBC} ${_libm_members})
    _demomill_run(${CMAKE_LINKER} -r -z noexecstack -o whole.o ${_libm_members})

    list(JOIN DEMOMILL_LIBM_FUNCTIONS "\n" _libm_lines)
    file(WRITE ${_libm_dir}/public.txt "${_libm_lines}\n")
    list(JOIN DEMOMILL_LIBM_FUNCTIONS ";\n    " _libm_lines)
    file(WRITE ${DEMOMILL_LIBM_EXPORTS} "{\n    ${_libm_lines};\n};\n")

    _demomill_run(${CMAKE_NM} -u whole.o)
    string(REGEX MATCHALL "[A-Za-z_][A-Za-z_0-9]+" _libm_needs "${out}")
    list(REMOVE_ITEM _libm_needs ${_libm_may_need} U)
    if(_libm_needs)
        message(FATAL_ERROR "portable libm: ${MUSL_LIBC} is not as expected, its objects need ${_libm_needs}")
    endif()
    # Neither AVX (hence FMA, ymm) nor x87: mnemonics in v…, or f… with a memory or stack operand.
    _demomill_run(${CMAKE_OBJDUMP} -d --no-show-raw-insn whole.o)
    if(out MATCHES "\t(v[a-z0-9]+|f(ld|st|add|sub|mul|div|prem|sin|cos|yl2x|patan|sqrt)[a-z0-9]*) ")
        message(FATAL_ERROR "portable libm: ${MUSL_LIBC} uses '${CMAKE_MATCH_1}', not only SSE2")
    endif()
    _demomill_run(${CMAKE_OBJCOPY} --keep-global-symbols=public.txt whole.o portable_libm.o)
endif()

# What an executable links to take part: the object itself and its export to everything loaded later.
add_library(demomill_libm INTERFACE)
set(_libm_installed $<INSTALL_PREFIX>/${CMAKE_INSTALL_LIBDIR}/demomill)
target_sources(
    demomill_libm INTERFACE $<BUILD_INTERFACE:${DEMOMILL_LIBM_OBJECT}>
                            $<INSTALL_INTERFACE:${_libm_installed}/portable_libm.o>)
target_link_options(
    demomill_libm INTERFACE $<BUILD_INTERFACE:LINKER:--dynamic-list=${DEMOMILL_LIBM_EXPORTS}>
                            $<INSTALL_INTERFACE:LINKER:--dynamic-list=${_libm_installed}/exports.list>)
