// Counts what a process asks of the allocator: preload it, with GATEHOUSE_MALLOCS naming a file. The counters are in
// that file (the process id is appended to its name), mapped, so they can be read at any moment without a signal.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// glibc's own names. dlsym would allocate before it could tell us where the allocator is.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *old);

// The order is that of rig/mallocs.py.
enum { MALLOC, CALLOC, REALLOC, ALIGNED, FREE, KINDS };

static atomic_ulong early[KINDS];
static atomic_ulong *counters = early;

static void count(int kind) { atomic_fetch_add_explicit(&counters[kind], 1, memory_order_relaxed); }

__attribute__((constructor)) static void share(void) {
  const char *prefix = getenv("GATEHOUSE_MALLOCS");
  char path[4096];
  if (!prefix || snprintf(path, sizeof path, "%s.%d", prefix, (int)getpid()) >= (int)sizeof path) return;
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return;
  if (ftruncate(file, sizeof early) == 0) {
    void *shared = mmap(NULL, sizeof early, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) counters = shared;
  }
  close(file);
}

void *malloc(size_t size) {
  count(MALLOC);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(CALLOC);
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  count(REALLOC);
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  count(ALIGNED);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1))) return EINVAL;
  void *memory = memalign(alignment, size);
  if (!memory) return ENOMEM;
  *result = memory;
  return 0;
}

void free(void *old) {
  if (old) count(FREE);
  __libc_free(old);
}
