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
      bounds: bounds, seed: bench.environment.hashSeed, counters: CacheCounters(bench.environment.counters))
    filter = CacheFilter(settings: decoded, store: store, slot: bench.environment.makeStateSlot())
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
    // A 204 that announces content is refused before any plugin sees it.
    let body = status == 204 ? "" : body
    let length = status == 204 ? [] : ["Content-Length: \(body.utf8.count)"]
    try head(exchange, fields: fields + length, status: status)
    return finish(exchange, body: body, complete: complete)
  }

  /// The request's way; nil when the origin is to be asked.
  func begin(_ exchange: Exchange) -> Answer? {
    guard case .reply(let reply) = filter.lookup(exchange) else { return nil }
    exchange.replyInProgress = reply
    filter.response(exchange)
    var answer = answer(exchange)
    answer.isHit = reply.reason == nil
    answer.status = reply.status
    answer.fields += String(buffer: reply.fields)
    if case .bytes(let body) = reply.content { answer.body = String(buffer: body) }
    return answer
  }

  /// The origin's head.
  func head(_ exchange: Exchange, fields: [String], status: Int = 200) throws {
    let lines = ["HTTP/1.1 \(status) X"] + fields
    var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    var parser = ResponseHeadParser()
    let isWhole = try parser.parse(&bytes, into: &exchange.response, requestMethod: exchange.request.method)
    #expect(isWhole)
    filter.response(exchange)
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
