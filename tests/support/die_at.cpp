/// A shared library for LD_PRELOAD: kills its process (SIGKILL) at an exact point of its talk with
/// a store or the broker, when the file that DIE_AT_FILE names holds the name of that
/// point.
///
/// It stands in front of the client libraries' functions, so that the program under test has no
/// code for it. The file is removed by the process that dies of it: a restarted one lives.
///
/// `offsets-sent`: with all of a transaction at the broker, before its commit.
/// `commit-asked`: as the commit of a transaction is about to be asked for.
/// `committed`: after a transaction was committed, before anything is written to disk.
/// `group-commit`: after a sink's store took a batch, before its offsets go to the group.
/// `group-committed`: after that.
/// `copied`: with a batch's rows sent to PostgreSQL and its transaction open.
/// `store-commit`: with PostgreSQL's COMMIT sent and its answer not read.
///
/// @thread_safety  All of it; of two threads at a point one or both find the file, and the end is
/// one.
#include <dlfcn.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>

#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

void die_if_at(const char* point) {
  static const char* const path = std::getenv("DIE_AT_FILE");
  if (path == nullptr || ::access(path, R_OK) != 0) {
    return;
  }
  char wanted[64] = {};
  if (std::FILE* const file = std::fopen(path, "r"); file != nullptr) {
    const std::size_t read = std::fread(wanted, 1, sizeof wanted - 1, file);
    std::fclose(file);
    if (read > 0 && std::strcmp(wanted, point) == 0) {
      ::unlink(path);
      ::raise(SIGKILL);
    }
  }
}

// The library's own function behind ours of the same name and type.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

rd_kafka_error_t* rd_kafka_send_offsets_to_transaction(
    rd_kafka_t* handle, const rd_kafka_topic_partition_list_t* offsets,
    const rd_kafka_consumer_group_metadata_t* group, int timeout_ms) {
  static auto* const next = real<decltype(rd_kafka_send_offsets_to_transaction)>(__func__);
  rd_kafka_error_t* const error = next(handle, offsets, group, timeout_ms);
  if (error == nullptr) {
    die_if_at("offsets-sent");
  }
  return error;
}

rd_kafka_error_t* rd_kafka_commit_transaction(rd_kafka_t* handle, int timeout_ms) {
  static auto* const next = real<decltype(rd_kafka_commit_transaction)>(__func__);
  die_if_at("commit-asked");
  rd_kafka_error_t* const error = next(handle, timeout_ms);
  if (error == nullptr) {
    die_if_at("committed");
  }
  return error;
}

rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t* handle,
                                    const rd_kafka_topic_partition_list_t* offsets, int async) {
  static auto* const next = real<decltype(rd_kafka_commit)>(__func__);
  die_if_at("group-commit");
  const rd_kafka_resp_err_t code = next(handle, offsets, async);
  die_if_at("group-committed");
  return code;
}

int PQputCopyEnd(PGconn* connection, const char* error) {
  static auto* const next = real<decltype(PQputCopyEnd)>(__func__);
  const int sent = next(connection, error);
  die_if_at("copied");
  return sent;
}

int PQsendQuery(PGconn* connection, const char* query) {
  static auto* const next = real<decltype(PQsendQuery)>(__func__);
  const int sent = next(connection, query);
  if (std::strcmp(query, "COMMIT") == 0) {
    ::PQflush(connection);
    die_if_at("store-commit");
  }
  return sent;
}

}  // extern "C"
