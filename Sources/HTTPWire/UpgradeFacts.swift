public import NIOCore

// Upgrade to the WebSocket protocol (RFC 6455 section 4, RFC 9110 section 7.8). No other protocol is switched to; its
// Upgrade field ends at the gateway like every field of the connection.

extension FieldBlock {
  /// Whether there is one Upgrade field, it says `websocket` and nothing else, and Connection has the option `upgrade`.
  func asksForWebSocket(_ facts: HeadFacts) -> Bool {
    facts.saysUpgrade && isOnly(.upgrade, "websocket")
  }

  /// Whether the two fields of a client's handshake are there, once each, and say what they must.
  var hasWebSocketKey: Bool {
    guard isOnly(.secWebSocketVersion, "13"), count(of: .secWebSocketKey) == 1 else { return false }
    return withValue(of: .secWebSocketKey) { $0.count > 0 } ?? false
  }

  /// Whether there is one field of that name, with that value in any letter case.
  private func isOnly(_ id: FieldID, _ text: StaticString) -> Bool {
    guard count(of: id) == 1 else { return false }
    return withValue(of: id) { $0.bytes.equalsFoldingCase(text) } ?? false
  }
}

extension RequestHead {
  /// Whether the client takes trailer fields behind chunked content (`TE: trailers`, RFC 9110 section 10.1.4). It can be
  /// asked after the connection fields were removed, too.
  public var acceptsTrailers: Bool {
    guard block.present.contains(.te) else { return false }
    var isAccepted = false
    for index in block.fields.indices where block.fields[index].id == .te {
      block.withValue(index) { value in
        ListElements.forEach(in: value.bytes) { if $0.equalsFoldingCase("trailers") { isAccepted = true } }
      }
    }
    return isAccepted
  }
}

extension HeadWriting {
  /// The field lines that ask for the WebSocket protocol, or agree to it: to be written as extra lines of a head whose
  /// own connection fields were removed.
  public static var webSocketUpgrade: StaticString { "Connection: Upgrade\r\nUpgrade: websocket\r\n" }

  /// Writes ``webSocketUpgrade``.
  public static func writeWebSocketUpgrade(into out: inout ByteBuffer) { out.writeStaticString(webSocketUpgrade) }
}
