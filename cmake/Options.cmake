# One INTERFACE target that every target of ours links: language level, warnings, sanitizers, linker.
add_library(freshet_options INTERFACE)
add_library(freshet::options ALIAS freshet_options)
target_compile_options(freshet_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -fno-omit-frame-pointer)
# GCC 12 sees overlapping and overlong copies in std::string and string_view where there are none (its bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(freshet_options INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
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
  # GCC loses track of what is initialized in instrumented code (its manual says so of this warning).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(freshet_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
target_include_directories(freshet_options INTERFACE ${PROJECT_SOURCE_DIR})

find_program(MOLD mold)
if(MOLD)
  target_link_options(freshet_options INTERFACE -fuse-ld=mold)
endif()
# CCACHE_BASEDIR makes paths relative before hashing, so that one cache serves every checkout. What is loose is
# what ccache asks for with precompiled headers.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE} CACHE STRING "" FORCE)
endif()
if(CCACHE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(freshet_options INTERFACE -fpch-preprocess)
endif()

# freshet_use_headers(TARGET KIND): has the target start from the precompiled headers of a kind: `library`, or
# `test`, which has GoogleTest too. They are compiled once each; sources include what they use all the same.
function(freshet_use_headers target kind)
  if(NOT TARGET freshet_headers_${kind})
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/headers_${kind}.cpp CONTENT "" @ONLY)
    add_library(freshet_headers_${kind} OBJECT ${PROJECT_BINARY_DIR}/headers_${kind}.cpp)
    target_link_libraries(freshet_headers_${kind} PRIVATE freshet::options Boost::headers Boost::json spdlog::spdlog)
    set(headers <algorithm> <array> <atomic> <chrono> <cstdint> <deque> <fstream> <functional> <iostream> <map> <memory> <mutex>
        <optional> <set> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
        <boost/json.hpp> <boost/system/result.hpp> <spdlog/fmt/fmt.h>)
    if(kind STREQUAL "test")
      target_link_libraries(freshet_headers_${kind} PRIVATE GTest::gmock)
      list(APPEND headers <gmock/gmock.h> <gtest/gtest.h>)
    endif()
    target_precompile_headers(freshet_headers_${kind} PRIVATE ${headers})
  endif()
  target_precompile_headers(${target} REUSE_FROM freshet_headers_${kind})
endfunction()

# freshet_library(NAME SOURCES a.cpp ... LINK lib ...): a static library `freshet::NAME`.
function(freshet_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(freshet_${name} STATIC ${ARG_SOURCES})
  add_library(freshet::${name} ALIAS freshet_${name})
  target_link_libraries(freshet_${name} PUBLIC freshet::options ${ARG_LINK})
  freshet_use_headers(freshet_${name} library)
endfunction()
