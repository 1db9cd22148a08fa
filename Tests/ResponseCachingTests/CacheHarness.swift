import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// Runs exchanges through the filter as the gateway does, with an origin that the test plays.
struct CacheHarness {
  let bench = Bench()
  let filter: CacheFilter
  let store: CacheStore

  init(_ settings: [String: ConfigNode.Value], bounds: CacheBounds = CacheBounds()) throws {
    let decoded: CacheSettings = try bench.settings(settings)
    store = CacheStore(
      bounds: bounds, seed: bench.environment.hashSeed, caches: bench.environment.caches,
      counters: CacheCounters(bench.environment.counters))
    bench.environment.caches.add(store)
    let flights = Flights(decoded.coalescing)
    filter = CacheFilter(settings: decoded, store: store, flights: flights, slot: bench.environment.makeStateSlot())
  }

  /// What the client got.
  struct Answer {
    var isHit = false
    var body = ""
    /// The fields of the gateway, and those of the kept answer.
    var fields = ""
    var status: UInt16 = 200
    var cacheResult: String?
  }

  /// One whole exchange.
  func run(
    _ exchange: Exchange, fields: [String] = [], body: String = "body", status: Int = 200, complete: Bool = true
  ) throws -> Answer {
    if let answer = begin(exchange) { return answer }
    // As the engine does before the request goes out.
    exchange.request.block.remove(exchange.requestAdditions.names)
    // A 204 that announces content is refused before any plugin sees it.
    let body = status == 204 || status == 304 ? "" : body
    let length = status == 204 || status == 304 ? [] : ["Content-Length: \(body.utf8.count)"]
    if let answer = try head(exchange, fields: fields + length, status: status) { return answer }
    return finish(exchange, body: body, complete: complete)
  }

  /// The request's way; nil when the origin is to be asked.
  func begin(_ exchange: Exchange) -> Answer? {
    guard case .reply(let reply) = filter.lookup(exchange) else { return nil }
    exchange.replyInProgress = reply
    filter.response(exchange)
    return answer(reply, exchange)
  }

  /// The origin gives no answer; nil when there is nothing in its place.
  func fail(_ exchange: Exchange) -> Answer? { filter.upstreamFailed(exchange).map { answer($0, exchange) } }

  /// What the client sees of an answer that is not the origin's.
  func answer(_ reply: Reply, _ exchange: Exchange) -> Answer {
    var answer = answer(exchange)
    answer.isHit = reply.reason == nil
    answer.status = reply.status
    answer.fields += String(buffer: reply.fields)
    if case .bytes(let body) = reply.content { answer.body = String(buffer: body) }
    return answer
  }

  /// Whether the origin, after a response with this head, is asked once more.
  func isAskedAnew(_ exchange: Exchange, fields: [String], status: Int) throws -> Bool {
    try receive(exchange, fields: fields, status: status)
    defer { exchange.response.reset() }
    guard filter.wantsAnother(exchange) else { return false }
    filter.willAskAnew(exchange)
    return true
  }

  /// The origin's head; what is given in its place.
  @discardableResult
  func head(_ exchange: Exchange, fields: [String], status: Int = 200) throws -> Answer? {
    try receive(exchange, fields: fields, status: status)
    filter.response(exchange)
    guard let reply = filter.revalidated(exchange) else { return nil }
    exchange.response.reset()
    exchange.replyInProgress = reply
    return answer(reply, exchange)
  }

  private func receive(_ exchange: Exchange, fields: [String], status: Int) throws {
    let lines = ["HTTP/1.1 \(status) X"] + fields
    var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    var parser = ResponseHeadParser()
    let isWhole = try parser.parse(&bytes, into: &exchange.response, requestMethod: exchange.request.method)
    #expect(isWhole)
  }

  /// The rest of the origin's answer.
  func finish(_ exchange: Exchange, body: String, complete: Bool = true) -> Answer {
    if filter.storeHead(exchange) {
      for piece in body.utf8.chunks(of: 7) { filter.storeBody(exchange, ByteBuffer(bytes: piece)) }
      filter.storeEnd(exchange, complete: complete)
    }
    var answer = answer(exchange)
    answer.body = body
    answer.status = exchange.response.status
    return answer
  }

  private func answer(_ exchange: Exchange) -> Answer {
    Answer(fields: exchange.addedFields, cacheResult: exchange.cacheResult?.description)
  }

  func seconds(_ seconds: Int64) { bench.clock.advance(seconds * 1_000_000_000) }
}

extension Collection {
  func chunks(of size: Int) -> [SubSequence] {
    var (chunks, rest) = ([SubSequence](), self[...])
    while !rest.isEmpty {
      chunks.append(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    return chunks
  }
}
