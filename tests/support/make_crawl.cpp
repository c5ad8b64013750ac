// make_crawl FOLDER CRAWL FILES PAGES: writes a made-up crawl, for integration tests and
// benchmarks.

#include <cstdlib>
#include <iostream>

#include "tests/support/crawl_files.hpp"

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "make_crawl FOLDER CRAWL FILES PAGES\n";
    return 2;
  }
  freshet::test::write_crawl(argv[1], argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
  return 0;
}
