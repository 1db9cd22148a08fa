// The load generator's command line; load.c says what each option means.
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
  long port, connections, requests, rate, post, large, content, life, abort, domains, first_domain, keys, first_key;
  long sources, seed, warm_up, hold;
  double seconds;
} set = {.connections = 64, .content = 200, .domains = 1, .seed = 1};

static inline void read_options(int count, char **arguments) {
  struct {
    const char *name;
    long *value;
  } options[] = {{"port", &set.port}, {"connections", &set.connections}, {"requests", &set.requests},
                 {"rate", &set.rate}, {"post", &set.post}, {"large", &set.large}, {"content", &set.content},
                 {"life", &set.life}, {"abort", &set.abort}, {"domains", &set.domains},
                 {"first-domain", &set.first_domain}, {"keys", &set.keys}, {"first-key", &set.first_key},
                 {"sources", &set.sources}, {"seed", &set.seed}, {"warm-up", &set.warm_up}, {"hold", &set.hold}};
  for (int i = 1; i + 1 < count; i += 2) {
    bool known = !strcmp(arguments[i], "--seconds");
    if (known) set.seconds = atof(arguments[i + 1]);
    for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
      if (strncmp(arguments[i], "--", 2) || strcmp(arguments[i] + 2, options[k].name)) continue;
      *options[k].value = atol(arguments[i + 1]);
      known = true;
    }
    if (!known) {
      fprintf(stderr, "load: no such option: %s\n", arguments[i]);
      exit(64);
    }
  }
  if (set.port < 1 || set.connections < 1 || set.content < 0 || set.content > 8192 || set.domains < 1 || set.keys < 0 ||
      set.seed < 1 || (set.seconds <= 0 && set.requests < 1)) {
    fprintf(stderr, "load: wanted: --port, --seconds or --requests; --content up to 8192\n");
    exit(64);
  }
}
#endif
