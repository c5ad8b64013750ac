# `cpack --config build/release/CPackConfig.cmake`: a package for Debian 12, which depends on what its libraries are in.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME freshet)
set(CPACK_PACKAGE_VENDOR "The Freshet authors")
set(CPACK_PACKAGE_CONTACT "The Freshet authors <freshet@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "catalogue of openly licensed images and audio, fresh by the second")
set(CPACK_PACKAGE_DESCRIPTION "Freshet reads the APIs of museums, archives and sharing sites, cleans and
merges what they say about each work, and keeps a search index and a database
up to date while it happens. Kafka, PostgreSQL and Elasticsearch are not part
of it.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${rdkafka_prefix}/lib)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/packaging/debian/postinst ${PROJECT_SOURCE_DIR}/packaging/debian/prerm
  ${PROJECT_SOURCE_DIR}/packaging/debian/postrm ${PROJECT_SOURCE_DIR}/packaging/debian/conffiles)
include(CPack)
