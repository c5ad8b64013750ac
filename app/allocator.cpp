// Replies of brokers, batches and write buffers come and go in blocks of megabytes, and each record
// in blocks of bytes, which one thread takes and another frees: jemalloc does both with less time
// and memory than the C library (bench/README.md). What is freed goes back to the system after a
// while, in a thread of its own. By default blocks of 8 MB and more would go back at once, to be
// faulted in again for the next reply, and zeroed ones beyond 32 KB would be zeroed by the system:
// a tenth of a first load.
extern "C" {
extern const char* const malloc_conf;  // jemalloc looks for this name
const char* const malloc_conf =
    "background_thread:true,narenas:4,dirty_decay_ms:2000,oversize_threshold:0,tcache_max:1048576";
}
