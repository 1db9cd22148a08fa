import GatewayKit
import NIOCore

@testable import Authentication

/// Does what an engine does with an exchange that waits: asks the filter again, until it says something else. On the
/// rig's loop only.
final class Asker: ExchangeDriver {
  private let filter: any IdentityFilter
  private let promise: EventLoopPromise<Judgement>
  /// An engine asks again so many times in one exchange.
  private var left = 8

  private init(_ filter: any IdentityFilter, _ promise: EventLoopPromise<Judgement>) {
    self.filter = filter
    self.promise = promise
  }

  /// What the filter says of a request with this token at first, and in the end.
  static func ask(_ rig: Rig, _ token: String) async throws -> (first: String, last: EventLoopFuture<Judgement>) {
    let (loop, box) = (rig.loop.eventLoop, Box(rig))
    let promise = loop.makePromise(of: Judgement.self)
    let first = try await loop.submit {
      let exchange = try box.rig.exchange(fields: ["Authorization: Bearer \(token)"])
      let asker = Asker(box.rig.filter, promise)
      exchange.driver = asker
      return asker.step(exchange)
    }.get()
    return (first, promise.futureResult)
  }

  /// What the filter says of it in the end.
  static func outcome(_ rig: Rig, _ token: String) async throws -> String {
    try await ask(rig, token).last.get().text
  }

  func resumed(_ exchange: Exchange, _ continuation: Continuation) {
    guard case .again = continuation else { return }
    left -= 1
    if left >= 0 {
      _ = step(exchange)
    } else {
      promise.succeed(Judgement(.reply(Reply(refusing: 500, "plugin_failed", message: "asked too often")), nil))
    }
  }

  private func step(_ exchange: Exchange) -> String {
    let judgement = Judgement(filter.identify(exchange), exchange.identity)
    if judgement.text != "wait" { promise.succeed(judgement) }
    return judgement.text
  }

  /// The rig is used on its loop only.
  private struct Box: @unchecked Sendable {
    let rig: Rig
    init(_ rig: Rig) { self.rig = rig }
  }
}
