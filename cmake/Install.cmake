# `cmake --install`: the binary, what is made from it (manual page, completions), the documentation, units of systemd.
# The mended librdkafka (scripts/librdkafka) goes into a folder of ours, where only freshet finds it.
include(GNUInstallDirs)
# Install and package what was built: tests are not.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set_target_properties(freshet PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/freshet")
install(TARGETS freshet RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS freshet-decode RUNTIME DESTINATION lib/freshet)
if(TARGET freshet_rdkafka_mended)
  install(FILES ${rdkafka_prefix}/lib/librdkafka.so.1 DESTINATION lib/freshet)
  install(CODE "
    if(CMAKE_INSTALL_DO_STRIP)
      execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-unneeded \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/freshet/librdkafka.so.1\" COMMAND_ERROR_IS_FATAL ANY)
    endif()")
endif()
set(package_files ${PROJECT_BINARY_DIR}/package-files)
# The binary of the build tree: the installed one may lie below DESTDIR, for another root.
install(CODE "execute_process(COMMAND \"${PROJECT_SOURCE_DIR}/packaging/package-files\" \"${PROJECT_BINARY_DIR}/freshet\" \"${package_files}\" COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${package_files}/freshet.1.gz DESTINATION share/man/man1)
install(FILES ${package_files}/freshet.bash DESTINATION share/bash-completion/completions RENAME freshet)
install(FILES ${package_files}/freshet.zsh DESTINATION share/zsh/vendor-completions RENAME _freshet)
install(FILES ${package_files}/freshet.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${package_files}/changelog.gz ${package_files}/changelog.Debian.gz ${package_files}/copyright DESTINATION share/doc/freshet)
install(FILES README.md SECURITY.md DESTINATION share/doc/freshet)
install(DIRECTORY docs DESTINATION share/doc/freshet)
install(DIRECTORY operate/security DESTINATION share/doc/freshet/operate USE_SOURCE_PERMISSIONS)
install(DIRECTORY packaging/roles DESTINATION lib/freshet)
install(PROGRAMS packaging/probe DESTINATION lib/freshet)
install(DIRECTORY packaging/systemd/ DESTINATION lib/systemd/system)
# Below /etc where the prefix is /usr, as it is in a package. One that is there is its owner's.
install(CODE "
  set(etc \"\${CMAKE_INSTALL_PREFIX}/etc/freshet\")
  if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
    set(etc /etc/freshet)
  endif()
  if(NOT EXISTS \"\$ENV{DESTDIR}\${etc}/freshet.toml\")
    file(INSTALL \"${PROJECT_SOURCE_DIR}/packaging/freshet.toml\" DESTINATION \"\${etc}\")
  endif()")
