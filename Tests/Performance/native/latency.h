// Times in microseconds, in buckets that are at most 1/64 wide.
#ifndef LATENCY_H
#define LATENCY_H
#include <stdint.h>

enum { STEPS = 64, BUCKETS = 64 * STEPS };

static uint64_t buckets[BUCKETS], longest;

static inline unsigned bucket_of(uint64_t value) {
  if (value < STEPS) return (unsigned)value;
  unsigned shift = 57 - (unsigned)__builtin_clzll(value);
  return (shift + 1) * STEPS + (unsigned)(value >> shift) % STEPS;
}

static inline void record_time(uint64_t value) {
  buckets[bucket_of(value)]++;
  if (value > longest) longest = value;
}

// The time that the part of all does not exceed, to the bucket's lower end.
static inline uint64_t time_of(double part) {
  uint64_t all = 0, seen = 0;
  for (unsigned i = 0; i < BUCKETS; i++) all += buckets[i];
  for (unsigned i = 0; i < BUCKETS; i++) {
    seen += buckets[i];
    if (all && (double)seen >= part * (double)all) {
      return i < STEPS ? i : (uint64_t)(STEPS + i % STEPS) << (i / STEPS - 1);
    }
  }
  return 0;
}
#endif
