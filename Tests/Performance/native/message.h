// The little that the load generator and the origin must know of HTTP/1.1: they speak to a gateway, not to strangers.
#ifndef MESSAGE_H
#define MESSAGE_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static inline uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void fail(const char *what) {
  perror(what);
  exit(2);
}

// The length of the head at the beginning of the bytes, 0 when it is not whole yet.
static inline size_t head_length(const char *bytes, size_t count) {
  const char *end = memmem(bytes, count, "\r\n\r\n", 4);
  return end ? (size_t)(end - bytes) + 4 : 0;
}

// A field's value in a head that ends with an empty line; NULL when it is not there.
static inline const char *field(const char *head, size_t length, const char *name) {
  size_t size = strlen(name);
  const char *line = memchr(head, '\n', length);
  for (; line && line + 1 < head + length; line = memchr(line, '\n', (size_t)(head + length - line))) {
    line++;
    if ((size_t)(head + length - line) <= size) return NULL;
    if (strncasecmp(line, name, size) || line[size] != ':') continue;
    for (line += size + 1; *line == ' '; line++) {}
    return line;
  }
  return NULL;
}

// What Content-Length says: 0 without it, -1 when the framing is another one.
static inline int64_t content_length(const char *head, size_t length) {
  if (field(head, length, "transfer-encoding")) return -1;
  const char *value = field(head, length, "content-length");
  return value ? strtoll(value, NULL, 10) : 0;
}
#endif
