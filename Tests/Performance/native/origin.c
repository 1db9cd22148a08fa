// An origin that costs little: a small JSON answer to everything, and N bytes to /bytes/N. One thread, keep-alive.
// usage: origin [--port N] [--delay MILLISECONDS] [--log FILE]
// Prints `port N` when it listens. With --log it writes `METHOD NUMBER` for each request that came whole, before it
// answers it, NUMBER being the field X-Number: what is in the file was executed, even when the origin is killed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message.h"

enum { INPUT = 16384, FILLER = 65536, WAITING = 65536 };

static const char BODY[] =
    "{\"items\":[{\"id\":\"5c2b1d3e4f5a6b7c8d9e0f10\",\"name\":\"key\",\"status\":\"active\",\"scope\":"
    "[\"userApiTokens.get\"],\"creationDate\":\"2026-01-01T00:00:00.000Z\"}],\"count\":1,\"totalCount\":1,"
    "\"perPage\":100,\"page\":0,\"sortField\":\"name\",\"sortDirection\":\"asc\"}";

struct connection {
  int socket;
  uint32_t life;        // of whoever has the slot, so that a late answer reaches nobody else
  bool busy, writing;   // an answer is due; the socket is full
  size_t used;          // of input
  int64_t content;      // of the request, still to come
  int64_t filler;       // of the response, still to go
  int64_t wanted;       // bytes that the request asks for, -1 for the small answer
  size_t queued, gone;  // of output
  char output[1024], input[INPUT];
};

static struct connection *connections[1 << 16];
static struct {
  uint64_t due;
  int socket;
  uint32_t life;
} waiting[WAITING];
static size_t first_waiting, last_waiting;
static char filler[FILLER];
static int events, port, log_file = -1;
static uint64_t delay;

static void end(struct connection *c) {
  close(c->socket);
  c->life++;
  c->socket = -1;
}

static void watch(struct connection *c, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (c->writing ? EPOLLOUT : 0), .data.fd = c->socket};
  epoll_ctl(events, operation, c->socket, &event);
}

// Writes what is due; false when the connection is over.
static bool flush(struct connection *c) {
  while (c->gone < c->queued || c->filler > 0) {
    bool head = c->gone < c->queued;
    size_t size = head ? c->queued - c->gone : c->filler < FILLER ? (size_t)c->filler : FILLER;
    ssize_t sent = send(c->socket, head ? c->output + c->gone : filler, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) {
      if (!c->writing) {
        c->writing = true;
        watch(c, EPOLL_CTL_MOD);
      }
      return true;
    }
    if (head) c->gone += (size_t)sent;
    else c->filler -= sent;
  }
  if (c->writing) {
    c->writing = false;
    watch(c, EPOLL_CTL_MOD);
  }
  c->queued = c->gone = 0;
  c->busy = false;
  return true;
}

static bool answer(struct connection *c) {
  int64_t size = c->wanted < 0 ? (int64_t)sizeof BODY - 1 : c->wanted;
  c->queued = (size_t)snprintf(
      c->output, sizeof c->output,
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Origin: %d\r\nContent-Length: %lld\r\n\r\n%s", port,
      (long long)size, c->wanted < 0 ? BODY : "");
  c->filler = c->wanted < 0 ? 0 : c->wanted;
  return flush(c);
}

static void note(const struct connection *c, size_t head) {
  const char *number = field(c->input, head, "x-number");
  char line[64];
  int method = (int)strcspn(c->input, " ");
  int size = snprintf(line, sizeof line, "%.*s %ld\n", method < 32 ? method : 32, c->input, number ? atol(number) : 0);
  if (write(log_file, line, (size_t)size) != size) fail("log");
}

static void later(struct connection *c) {
  size_t next = (last_waiting + 1) % WAITING;
  if (next == first_waiting) fail("too many answers wait");
  waiting[last_waiting].due = now() + delay;
  waiting[last_waiting].socket = c->socket;
  waiting[last_waiting].life = c->life;
  last_waiting = next;
}

static void take(struct connection *c, size_t count) {
  memmove(c->input, c->input + count, c->used - count);
  c->used -= count;
}

// Takes the requests that are there; false when the connection is over.
static bool serve(struct connection *c) {
  while (!c->busy) {
    size_t head = head_length(c->input, c->used);
    if (!head) return c->used < INPUT;
    int64_t length = content_length(c->input, head);
    if (length < 0 || (size_t)length > INPUT - head) return false;
    if (c->used < head + (size_t)length) return true;
    c->wanted = -1;
    const char *target = memchr(c->input, ' ', head);
    if (target && !strncmp(target + 1, "/bytes/", 7)) c->wanted = atoll(target + 8);
    if (log_file >= 0) note(c, head);
    take(c, head + (size_t)length);
    c->busy = true;
    if (delay) later(c);
    else if (!answer(c)) return false;
  }
  return true;
}

static bool readable(struct connection *c) {
  if (c->used == INPUT) return false;
  ssize_t count = recv(c->socket, c->input + c->used, INPUT - c->used, 0);
  if (count < 0 && errno == EAGAIN) return true;
  if (count <= 0) return false;
  c->used += (size_t)count;
  return serve(c);
}

static void accept_all(int listener) {
  int one = 1, peer;
  while ((peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if (peer >= 1 << 16) fail("too many descriptors");
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (!connections[peer]) connections[peer] = calloc(1, sizeof **connections);
    struct connection *c = connections[peer];
    if (!c) fail("memory");
    uint32_t life = c->life;
    memset(c, 0, offsetof(struct connection, output));
    c->life = life;
    c->socket = peer;
    watch(c, EPOLL_CTL_ADD);
  }
}

// Gives the answers that are due; milliseconds until the next one, -1 for none.
static int answer_due(void) {
  while (first_waiting != last_waiting) {
    uint64_t time = now(), due = waiting[first_waiting].due;
    if (due > time) return (int)((due - time) / 1000000 + 1);
    struct connection *c = connections[waiting[first_waiting].socket];
    bool same = c->socket >= 0 && c->life == waiting[first_waiting].life;
    first_waiting = (first_waiting + 1) % WAITING;
    if (same && (!answer(c) || !serve(c))) end(c);
  }
  return -1;
}

static int listen_on(int wanted) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)wanted)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &size);
  port = ntohs(address.sin_port);
  return listener;
}

static void loop(int listener) {
  struct epoll_event ready[256], event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(events, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(events, ready, 256, answer_due());
    for (int i = 0; i < count; i++) {
      if (ready[i].data.fd == listener) {
        accept_all(listener);
        continue;
      }
      struct connection *c = connections[ready[i].data.fd];
      if (c->socket < 0) continue;
      bool open = true;
      if (ready[i].events & EPOLLOUT) open = flush(c) && serve(c);
      if (open && (ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) open = readable(c);
      if (!open) end(c);
    }
  }
}

int main(int count, char **arguments) {
  int wanted = 0;
  for (int i = 1; i + 1 < count; i += 2) {
    if (!strcmp(arguments[i], "--port")) wanted = atoi(arguments[i + 1]);
    if (!strcmp(arguments[i], "--delay")) delay = strtoull(arguments[i + 1], NULL, 10) * 1000000;
    if (strcmp(arguments[i], "--log")) continue;
    log_file = open(arguments[i + 1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log_file < 0) fail(arguments[i + 1]);
  }
  memset(filler, 'x', sizeof filler);
  events = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_on(wanted);
  printf("port %d\n", port);
  fflush(stdout);
  loop(listener);
}
