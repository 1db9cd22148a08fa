// Requests to a gateway over many connections, cheaply: one thread, epoll. Prints one line of JSON at the end.
//
// usage: load --port N [--connections N] [--seconds S | --requests N] [--rate N] [--post PERCENT] [--large PERCENT]
//             [--content BYTES] [--life N] [--abort PERCENT] [--domains N] [--first-domain N] [--keys N]
//             [--first-key N] [--sources N] [--seed N] [--warm-up N] [--hold 1]
//
//   --rate      requests per second over all connections; 0 for as many as go
//   --post      share of requests that are POST with --content bytes; --large: share that ask for 64 KiB
//   --life      how many requests a connection carries on average before it is closed (in three ways); 0 for no end
//   --abort     share of the connections with an end that break off: half in a request, half in a response
//   --domains   losantdomain is one of N, d0.example and following or those from --first-domain
//   --keys      X-Key counts N values in turn, from 0 or from --first-key; without it there is no such field
//   --sources   client addresses 127.0.0.2 and following
//   --hold      for a caller: after --warm-up requests it prints `ready` and waits for a line of standard input, counts
//               from then on, and after the result waits for another line before it closes its connections
//
// SIGTERM ends the load as its time would have.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "latency.h"
#include "load_options.h"
#include "load_tally.h"
#include "message.h"

enum { INPUT = 16384, REQUEST = 24576, LARGE = 65536 };
enum { LATE = 10 };  // seconds without an answer, after which a request counts as an error
enum purpose { NORMAL, LAST_BY_SERVER, LAST_BY_CLIENT, BREAK_REQUEST, BREAK_RESPONSE };

struct connection {
  int socket;  // -1 when closed
  bool waiting, in_body;
  enum purpose purpose;
  uint64_t started;  // when its request was
  int64_t life;      // requests left, -1 for no end
  int64_t content;   // of the response, still to come
  int status;
  size_t used;
  char input[INPUT];
};

static struct connection *all;
static int *idle;  // a ring of the connections that have nothing to do
static long idle_first, idle_count;
static int events;
static uint64_t random_state;
static long numbered;  // requests with an X-Key
static volatile sig_atomic_t stopped;

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

// xorshift64*: cheap, and the same for the same seed.
static uint64_t draw(uint64_t bound) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return bound ? (random_state * 2685821657736338717u >> 33) % bound : 0;
}

static void hang_up(struct connection *c, bool reset) {
  struct linger now_ = {.l_onoff = 1};
  if (reset) setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &now_, sizeof now_);
  close(c->socket);
  c->socket = -1;
}

static void rest(struct connection *c) {
  c->waiting = false;
  idle[(idle_first + idle_count++) % set.connections] = (int)(c - all);
}

static void error(struct connection *c, uint64_t *kind, const char *what) {
  ++*kind;
  if (!tally.example[0]) {
    snprintf(tally.example, sizeof tally.example, "%s (errno %d, status %d, after %llu requests)", what, errno,
             c->status, (unsigned long long)tally.requests);
  }
  if (c->socket >= 0) hang_up(c, true);
  if (c->waiting) rest(c);
}

static bool dial(struct connection *c) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)set.port)};
  struct sockaddr_in from = {.sin_family = AF_INET};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  c->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (c->socket < 0) return false;
  setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (set.sources) {
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(tally.connections % (uint64_t)set.sources));
    setsockopt(c->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(c->socket, (struct sockaddr *)&from, sizeof from)) return false;
  }
  if (connect(c->socket, (struct sockaddr *)&to, sizeof to)) return false;
  fcntl(c->socket, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)(c - all)};
  epoll_ctl(events, EPOLL_CTL_ADD, c->socket, &event);
  tally.connections++;
  c->used = 0;
  c->life = set.life ? 1 + (int64_t)draw((uint64_t)set.life * 2 - 1) : -1;
  return true;
}

static enum purpose choose(const struct connection *c) {
  if (c->life != 1) return NORMAL;
  if (draw(100) < (uint64_t)set.abort) return draw(2) ? BREAK_REQUEST : BREAK_RESPONSE;
  return draw(2) ? LAST_BY_SERVER : LAST_BY_CLIENT;
}

// Writes a request out; the length.
static int compose(char *into, enum purpose purpose) {
  uint64_t kind = draw(100), post = (uint64_t)set.post;
  bool is_post = purpose == BREAK_REQUEST || (purpose != BREAK_RESPONSE && kind < post);
  bool is_large = purpose == BREAK_RESPONSE || (!is_post && kind < post + (uint64_t)set.large);
  int size = is_large ? snprintf(into, 64, "GET /bytes/%d HTTP/1.1\r\n", LARGE)
                      : snprintf(into, 128, "%s HTTP/1.1\r\n",
                                 is_post ? "POST /me/tokens" : "GET /me/tokens?perPage=10&sortField=name");
  size += snprintf(into + size, 512,
                   "Host: 127.0.0.1:%ld\r\nlosantdomain: d%llu.example\r\nAccept: application/json\r\n"
                   "User-Agent: load/1\r\n%s", set.port, (unsigned long long)draw((uint64_t)set.domains) +
                   (unsigned long long)set.first_domain, purpose == LAST_BY_SERVER ? "Connection: close\r\n" : "");
  if (set.keys) {
    size += snprintf(into + size, 64, "X-Key: %llu\r\n", (unsigned long long)(set.first_key + numbered++ % set.keys));
  }
  if (!is_post) return size + snprintf(into + size, 4, "\r\n");
  size += snprintf(into + size, 128, "Content-Type: application/json\r\nContent-Length: %ld\r\n\r\n", set.content);
  memset(into + size, 'c', (size_t)set.content);
  return size + (int)set.content;
}

// The connection that has rested longest, so that every one has its turn.
static struct connection *next_idle(void) {
  struct connection *c = &all[idle[idle_first]];
  idle_first = (idle_first + 1) % set.connections;
  idle_count--;
  return c;
}

static void ask(struct connection *c) {
  static char request[REQUEST];
  tally.started++;
  if (c->socket < 0 && !dial(c)) {
    error(c, &tally.refused, "no connection");
    rest(c);
    return;
  }
  c->purpose = choose(c);
  int size = compose(request, c->purpose);
  if (c->purpose == BREAK_REQUEST) size = 1 + (int)draw((uint64_t)size - 1);
  c->waiting = true;
  c->in_body = false;
  c->status = 0;
  note_request(c->started = now());
  if (send(c->socket, request, (size_t)size, MSG_NOSIGNAL) != size) {
    error(c, &tally.closed, "not taken");
    return;
  }
  if (c->purpose != BREAK_REQUEST) return;
  tally.aborted++;
  hang_up(c, draw(2));
  rest(c);
}

// A response has come whole.
static void answered(struct connection *c) {
  tally.answered = now();
  record_time((tally.answered - c->started) / 1000);
  tally.requests++;
  tally.status[c->status]++;
  if (c->life > 0) c->life--;
  if (c->purpose == LAST_BY_CLIENT) hang_up(c, false);
  if (c->purpose != LAST_BY_SERVER) rest(c);  // else until the gateway has closed it
}

static bool read_head(struct connection *c) {
  size_t head = head_length(c->input, c->used);
  if (!head) {
    if (c->used == INPUT) error(c, &tally.broken, "a head too long");
    return false;
  }
  c->status = c->used > 12 ? atoi(c->input + 9) : 0;
  c->content = content_length(c->input, head);
  if (strncmp(c->input, "HTTP/1.1 ", 9) || c->status < 200 || c->status >= STATUSES || c->content < 0) {
    error(c, &tally.broken, "an unreadable head");
    return false;
  }
  const char *says = field(c->input, head, "connection");
  if (says && !strncasecmp(says, "close", 5) && c->purpose != BREAK_RESPONSE) c->purpose = LAST_BY_SERVER;
  c->content -= (int64_t)(c->used - head);
  c->used = 0;
  c->in_body = true;
  return true;
}

static void ended(struct connection *c, ssize_t count) {
  bool idle_now = !c->waiting, done = c->waiting && c->purpose == LAST_BY_SERVER && c->in_body && c->content == 0;
  if (count == 0 && (done || idle_now)) {
    hang_up(c, false);
    if (done) rest(c);
  } else {
    error(c, &tally.closed, count == 0 ? "closed without a whole answer" : "reset");
  }
}

static void readable(struct connection *c) {
  ssize_t count = recv(c->socket, c->input + c->used, INPUT - c->used, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    ended(c, count);
    return;
  }
  if (!c->waiting) {
    error(c, &tally.broken, "bytes that nobody asked for");
    return;
  }
  if (c->in_body) {
    c->content -= count;
  } else {
    c->used += (size_t)count;
    if (!read_head(c)) return;
  }
  if (c->purpose == BREAK_RESPONSE) {
    tally.aborted++;
    hang_up(c, draw(2));
    rest(c);
  } else if (c->content < 0) {
    error(c, &tally.broken, "more bytes than announced");
  } else if (c->content == 0) {
    answered(c);
  }
}

static void look_for_late_ones(void) {
  for (long i = 0; i < set.connections; i++) {
    struct connection *c = &all[i];
    if (c->waiting && now() - c->started > (uint64_t)LATE * 1000000000u) error(c, &tally.late, "no answer in time");
  }
}

// Runs until so many requests are done, or so long; then until no request is open.
static double run(uint64_t requests, double seconds) {
  uint64_t begin = now(), until = begin + (uint64_t)(seconds * 1e9), checked = begin;
  struct epoll_event ready[512];
  double took = 0;
  for (;;) {
    uint64_t time = now();
    bool over = stopped || (seconds > 0 ? time >= until : tally.started >= requests);
    if (over && took == 0) took = (double)(time - begin) / 1e9;
    if (over && idle_count == set.connections) return took;
    uint64_t allowed = UINT64_MAX;
    if (set.rate) allowed = (uint64_t)((double)(time - begin) / 1e9 * (double)set.rate);
    if (seconds <= 0 && allowed > requests) allowed = requests;
    for (long turn = idle_count; !over && turn > 0 && tally.started < allowed; turn--) ask(next_idle());
    int count = epoll_wait(events, ready, 512, set.rate ? 1 : 100);
    for (int i = 0; i < count; i++) {
      struct connection *c = &all[ready[i].data.u32];
      if (c->socket >= 0) readable(c);
    }
    if (time - checked > 1000000000u) {
      look_for_late_ones();
      checked = time;
    }
  }
}

static void wait_for_line(void) {
  char line[16];
  if (!fgets(line, sizeof line, stdin)) exit(0);
}

int main(int count, char **arguments) {
  read_options(count, arguments);
  signal(SIGTERM, stop);
  random_state = (uint64_t)set.seed;
  events = epoll_create1(EPOLL_CLOEXEC);
  all = calloc((size_t)set.connections, sizeof *all);
  idle = calloc((size_t)set.connections, sizeof *idle);
  if (!all || !idle) fail("memory");
  for (long i = 0; i < set.connections; i++) {
    all[i].socket = -1;
    rest(&all[i]);
  }
  if (set.warm_up) run((uint64_t)set.warm_up, 0);
  if (set.hold) {
    printf("ready\n");
    fflush(stdout);
    wait_for_line();
  }
  memset(&tally, 0, sizeof tally);
  memset(buckets, 0, sizeof buckets);
  longest = 0;
  print_result(run((uint64_t)set.requests, set.seconds));
  if (set.hold) wait_for_line();
}
