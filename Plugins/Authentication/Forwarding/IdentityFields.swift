import GatewayKit
import HTTPWire
import NIOCore
import Synchronization

/// The fields that tell the origin who asks.
struct IdentityFields: Sendable {
  /// A field of the settings.
  private struct Field: Sendable {
    let name: String
    let letters: FieldNameLetters
    let fact: IdentityFact
  }

  /// What a token's fields look like, made once for each token.
  final class Rendered: Sendable {
    /// Whole lines, one for each field that the token has a value for.
    let lines: [(letters: FieldNameLetters, line: ByteBuffer)]
    /// All of them.
    let all: ByteBuffer

    init(lines: [(letters: FieldNameLetters, line: ByteBuffer)]) {
      self.lines = lines
      var all = ByteBuffer()
      for (_, line) in lines { all.writeImmutableBuffer(line) }
      self.all = all
    }
  }

  private let fields: [Field]
  /// The names that a client may not send.
  let names: [FieldNameLetters]

  init(_ settings: [ForwardingSettings.Field]) {
    fields = settings.compactMap { field in
      FieldNameLetters(field.name).map { Field(name: field.name, letters: $0, fact: field.fact) }
    }
    names = fields.map(\.letters)
  }

  /// Tells the origin who asks, or nothing when nobody does, and never what the client says of itself.
  func apply(_ verified: VerifiedToken?, to exchange: Exchange) {
    // What the floor's plugin has said of the caller stands.
    let said = exchange.withheld
    exchange.withhold(names)
    guard let rendered = verified.map(rendered) else { return }
    if said.isEmpty { return exchange.requestAdditions.add(rendered: rendered.all) }
    for (letters, line) in rendered.lines where !said.contains(letters) {
      exchange.requestAdditions.add(rendered: line)
    }
  }

  private func rendered(_ verified: VerifiedToken) -> Rendered {
    if let known = verified.rendered.load() { return known }
    let lines = fields.compactMap { field in
      field.fact.text(of: verified.identity).map { (field.letters, Self.line(field.name, $0)) }
    }
    return verified.rendered.storeIfNil(Rendered(lines: lines))
  }

  /// About how many bytes the lines of these fields take: each stands in a buffer of its own and in the one with all.
  /// Buffers have powers of two, so up to twice what is in them.
  static func cost(of fields: [ForwardingSettings.Field], for identity: Identity) -> Int {
    fields.reduce(0) { cost, field in
      guard let text = field.fact.text(of: identity) else { return cost }
      return cost + 128 + 4 * (field.name.utf8.count + 4 + FieldText.encoded(text).count)
    }
  }

  private static func line(_ name: String, _ value: String) -> ByteBuffer {
    var line = ByteBuffer(string: "\(name): ")
    line.writeBytes(FieldText.encoded(value))
    line.writeStaticString("\r\n")
    return line
  }
}
