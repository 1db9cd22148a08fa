import GatewayKit
import HTTPWire

/// Cookies are for the client that the origin answers, and never kept.
enum SetCookie {
  /// Hands the cookies of a 304 to the client whose request it answers.
  static func pass(from block: FieldBlock, to exchange: Exchange) {
    guard block.present.contains(.setCookie) else { return }
    for index in block.fields.indices where block.fields[index].id == .setCookie && !block.fields[index].isRemoved {
      block.withValue(index) { exchange.responseAdditions.add(name: "Set-Cookie", $0) }
    }
  }
}
