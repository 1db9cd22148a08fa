import GatewayKit
import HTTPWire
import NIOCore

/// Renders the line of an exchange. Neither the query nor a credential is in it: the query may hold secrets, and the
/// caller is named by a digest.
struct AccessLogLine: ~Copyable {
  private var json = JSONLineWriter(capacity: Self.capacity)
  private var timestamp = Timestamp()

  /// Bounds of what a peer chooses, in bytes before escaping.
  static let longestPath = 1024
  static let longestText = 256
  /// Six bytes for each byte that a peer chose at the most, and the names and numbers.
  private static let capacity = 6 * (longestPath + 12 * longestText) + 2048

  mutating func render(_ exchange: Exchange, _ body: (UnsafeRawBufferPointer) -> Void) {
    json.begin()
    timestamp.write(exchange.loop.wall, into: &json)
    exchange.withRequestID { json.member(",\"request_id\":", $0, atMost: Self.longestText) }
    writeRoute(exchange)
    writeOutcome(exchange.outcome)
    writeCaller(exchange)
    json.end()
    json.withBytes(body)
  }

  private mutating func writeRoute(_ exchange: Exchange) {
    json.member(",\"domain\":", exchange.domain?.name, atMost: Self.longestText)
    json.member(",\"route\":", exchange.route?.pattern, atMost: Self.longestText)
    json.member(",\"operation\":", exchange.operation?.id, atMost: Self.longestText)
    exchange.request.withMethodName { json.member(",\"method\":", $0, atMost: Self.longestText) }
    exchange.request.withPath { json.member(",\"path\":", $0, atMost: Self.longestPath) }
    json.member(",\"cache\":", exchange.cacheResult)
    json.member(",\"limit\":", exchange.limitMode)
    json.member(",\"shadow\":", exchange.shadowReason?.text, atMost: Self.longestText)
    json.raw(exchange.isDetached ? ",\"background\":true" : ",\"background\":false")
  }

  private mutating func writeOutcome(_ outcome: Outcome) {
    json.member(",\"status\":", UInt64(outcome.status))
    json.member(",\"reason\":", outcome.reason?.text, atMost: Self.longestText)
    json.member(",\"duration_us\":", Self.microseconds(from: outcome.started, to: outcome.finished))
    if outcome.upstreamStarted != 0, outcome.upstreamHead != 0 {
      json.member(",\"upstream_us\":", Self.microseconds(from: outcome.upstreamStarted, to: outcome.upstreamHead))
    } else {
      json.raw(",\"upstream_us\":null")
    }
    json.member(",\"upstream\":", outcome.endpoint, atMost: Self.longestText)
    json.member(",\"bytes_in\":", outcome.requestBytes)
    json.member(",\"bytes_out\":", outcome.responseBytes)
    json.member(",\"retries\":", UInt64(max(0, outcome.retries)))
  }

  private mutating func writeCaller(_ exchange: Exchange) {
    if let identity = exchange.identity {
      json.raw(",\"token\":\"")
      json.hex(identity.fingerprint.words.0.byteSwapped)
      json.raw("\"")
      json.member(",\"subject\":", identity.subject, atMost: Self.longestText)
    } else {
      json.raw(",\"token\":null,\"subject\":null")
    }
    json.member(",\"client\":", exchange.clientAddress, atMost: Self.longestText)
    let found: Void? = exchange.request.block.withValue(of: .userAgent) {
      json.member(",\"user_agent\":", $0, atMost: Self.longestText)
    }
    if found == nil { json.raw(",\"user_agent\":null") }
  }

  private static func microseconds(from start: Int64, to end: Int64) -> UInt64 {
    let (span, overflow) = end.subtractingReportingOverflow(start)
    return overflow || span < 0 ? 0 : UInt64(span / 1000)
  }
}

/// `{"ts":"2026-11-23T16:01:58.123456Z"`; all but the fraction is rendered once a second.
private struct Timestamp {
  private var second: Int64 = -1
  private var text = ByteBuffer()

  mutating func write(_ wall: Int64, into json: inout JSONLineWriter) {
    let wall = max(0, wall)
    let now = wall / 1_000_000_000
    if now != second {
      second = now
      text.clear()
      text.writeStaticString("{\"ts\":\"")
      CivilTime(seconds: now).writeTimestamp(into: &text)
      text.writeStaticString(".")
    }
    text.withUnsafeReadableBytes { json.raw($0) }
    json.decimal(UInt64(wall % 1_000_000_000 / 1000), digits: 6)
    json.raw("Z\"")
  }
}
