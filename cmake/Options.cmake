# One INTERFACE target that every target of ours links: language level, warnings, sanitizers, linker.
add_library(freshet_options INTERFACE)
add_library(freshet::options ALIAS freshet_options)
target_compile_options(freshet_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -fno-omit-frame-pointer)
# GCC 12 sees overlapping copies in std::string's operator+ at -O3 where there are none (its bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(freshet_options INTERFACE -Wno-restrict)
endif()
# libstdc++ 12 calls functions of its own that it has marked deprecated (stable_sort's buffer); GCC does
# not tell in system headers, clang does.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(freshet_options INTERFACE -Wno-deprecated-declarations)
endif()
option(FRESHET_WERROR "Warnings are errors" ON)
if(FRESHET_WERROR)
  target_compile_options(freshet_options INTERFACE -Werror)
endif()
if(FRESHET_SANITIZE)
  target_compile_options(freshet_options INTERFACE -fsanitize=${FRESHET_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(freshet_options INTERFACE -fsanitize=${FRESHET_SANITIZE})
endif()
target_include_directories(freshet_options INTERFACE ${PROJECT_SOURCE_DIR})

find_program(MOLD mold)
if(MOLD)
  target_link_options(freshet_options INTERFACE -fuse-ld=mold)
endif()
# CCACHE_BASEDIR makes paths relative before hashing, so that one cache serves every checkout.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true ${CCACHE} CACHE STRING "" FORCE)
endif()

# freshet_library(NAME SOURCES a.cpp ... LINK lib ...): a static library `freshet::NAME`.
function(freshet_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(freshet_${name} STATIC ${ARG_SOURCES})
  add_library(freshet::${name} ALIAS freshet_${name})
  target_link_libraries(freshet_${name} PUBLIC freshet::options ${ARG_LINK})
endfunction()
