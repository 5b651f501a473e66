# SPDX-License-Identifier: Apache-2.0
# What every target is compiled with.
add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fPIE)
# Member defaults make the usual C++20 designated initialiser; naming every field would hide the point.
add_compile_options(-Wno-missing-field-initializers)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
  # _FORTIFY_SOURCE needs optimisation, which the sanitizer builds do not have.
  add_compile_options(-D_FORTIFY_SOURCE=2 -fstack-protector-strong)
endif()
add_compile_definitions(_GNU_SOURCE)
add_link_options(-pie -Wl,-z,relro,-z,now)

# A static-pie relocates itself at each start. Packed, that reads 70 KiB less; the C library has to know how.
include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)
check_linker_flag(CXX -Wl,--fatal-warnings,-z,pack-relative-relocs CAISSON_LINKER_PACKS)
check_cxx_source_compiles("#include <features.h>
#if !__GLIBC_PREREQ(2, 36)
#error
#endif
int main() {}" CAISSON_LIBC_UNPACKS)
if(CAISSON_LINKER_PACKS AND CAISSON_LIBC_UNPACKS)
  set(CAISSON_PACKED_RELOCATIONS -Wl,-z,pack-relative-relocs)
endif()

if(CAISSON_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(CAISSON_SANITIZE)
  add_compile_options(-fsanitize=${CAISSON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CAISSON_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
