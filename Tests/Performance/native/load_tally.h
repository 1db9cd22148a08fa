// What the load generator counts, and the line of JSON that tells it.
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H
#include <stdint.h>
#include <stdio.h>

#include "latency.h"

enum { STATUSES = 600 };

static struct {
  uint64_t requests, started, connections, aborted, status[STATUSES];
  uint64_t refused, closed, broken, late;  // errors: not connected, closed too early, unreadable, no answer
  uint64_t first, last, answered;          // when the first and the last request went and the last answer came
  char example[160];
} tally;

static inline void note_request(uint64_t time) {
  if (!tally.first) tally.first = time;
  tally.last = time;
}

static inline void print_result(double seconds) {
  printf("{\"requests\": %llu, \"seconds\": %.3f, \"connections\": %llu, \"aborted\": %llu, ",
         (unsigned long long)tally.requests, seconds, (unsigned long long)tally.connections,
         (unsigned long long)tally.aborted);
  printf("\"first\": %.6f, \"last\": %.6f, \"answered\": %.6f, ", (double)tally.first / 1e9, (double)tally.last / 1e9,
         (double)tally.answered / 1e9);
  printf("\"p50_us\": %llu, \"p99_us\": %llu, \"p999_us\": %llu, \"max_us\": %llu, ",
         (unsigned long long)time_of(0.5), (unsigned long long)time_of(0.99), (unsigned long long)time_of(0.999),
         (unsigned long long)longest);
  printf("\"errors\": {\"refused\": %llu, \"closed\": %llu, \"broken\": %llu, \"late\": %llu}, \"example\": \"%s\", "
         "\"status\": {",
         (unsigned long long)tally.refused, (unsigned long long)tally.closed, (unsigned long long)tally.broken,
         (unsigned long long)tally.late, tally.example);
  const char *comma = "";
  for (int i = 0; i < STATUSES; i++) {
    if (!tally.status[i]) continue;
    printf("%s\"%d\": %llu", comma, i, (unsigned long long)tally.status[i]);
    comma = ", ";
  }
  printf("}}\n");
  fflush(stdout);
}
#endif
