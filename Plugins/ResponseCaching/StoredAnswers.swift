import GatewayKit
import HTTPWire
import NIOCore

/// Makes of a kept answer what a request gets: the whole, a part, or word that the client has it already.
enum StoredAnswers {
  /// For `only-if-cached` (RFC 9111 section 5.2.1.7).
  static let notCached = Reply(
    refusing: 504, "not_cached",
    message: "The request wants an answer from the cache only, and there is none. Send it without only-if-cached.")

  /// The answer for a request, whose conditions count where the answer was kept for that.
  static func reply(_ response: CachedResponse, to request: RequestHead, _ exchange: Exchange) -> Reply {
    reply(response, outcome(response, for: request, exchange), exchange)
  }

  /// What a kept answer comes to for a request.
  static func outcome(
    _ response: CachedResponse, for request: RequestHead, _ exchange: Exchange
  ) -> Preconditions.Outcome {
    if request.block.present.intersection(Preconditions.fields).isEmpty { return .whole }
    guard response.notModified != nil, case .bytes(let body) = response.reply.content else { return .whole }
    let now = exchange.loop.wall / 1_000_000_000
    return Preconditions.judge(request, response.validators, length: body.readableBytes, now: now)
  }

  /// The answer for a request that comes to this.
  static func reply(_ response: CachedResponse, _ outcome: Preconditions.Outcome, _ exchange: Exchange) -> Reply {
    guard outcome != .whole, case .bytes(let body) = response.reply.content else { return response.reply }
    switch outcome {
    case .whole: return response.reply
    case .notModified: return response.notModified ?? response.reply
    case .part(let range): return part(range, of: body, response.reply, exchange)
    case .unsatisfiable: return unsatisfiable(length: body.readableBytes)
    }
  }

  /// RFC 9110 section 15.3.7.
  private static func part(_ range: Range<Int>, of body: ByteBuffer, _ whole: Reply, _ exchange: Exchange) -> Reply {
    guard let piece = body.getSlice(at: body.readerIndex + range.lowerBound, length: range.count) else { return whole }
    exchange.responseAdditions.add(
      .contentRange, "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(body.readableBytes)".utf8)
    return Reply(status: 206, fields: whole.fields, body: piece, hasDate: whole.hasDate)
  }

  /// RFC 9110 section 15.5.17.
  private static func unsatisfiable(length: Int) -> Reply {
    Reply(
      refusing: 416, "range_not_satisfiable",
      message: "The range begins behind the end of the content. Content-Range says how long that is.",
      fields: ByteBuffer(string: "Content-Range: bytes */\(length)\r\n"))
  }
}
