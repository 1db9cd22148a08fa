import GatewayKit
import HTTPWire
import NIOCore

/// Makes the key of an exchange: the rule and what was judged, each part with a tag and its length.
///
/// The identity's fingerprint counts, never a field as the client spelled it: `bEaReR` and two blanks are no new caller.
struct RateLimitKey: ~Copyable {
  private var bytes = KeyBytes()

  enum Result {
    case made
    /// A part is missing and the rule is to be skipped.
    case skip
    /// A part is missing and the request is to be refused.
    case deny
  }

  /// What stands before every key of a rule with this amount, so that one store can serve many: who set the rule, too, so
  /// that no domain's rule is taken for one of the organisation's.
  static func prefix(of rule: LimitRuleSettings, _ amount: LimitAmount, _ scope: PluginScope) -> [UInt8] {
    var prefix = KeyBytes()
    prefix.append(scope.tag)
    prefix.append(UInt64(rule.key.count))
    for text in [rule.name] + rule.key.map(\.text) {
      Array(text.utf8).withUnsafeBytes { prefix.append(part: $0) }
    }
    prefix.append(UInt64(rule.ipv4Prefix))
    prefix.append(UInt64(rule.ipv6Prefix))
    amount.append(to: &prefix)
    return prefix.withBytes { Array($0) }
  }

  /// Writes the parts of a key.
  mutating func make(_ exchange: Exchange, _ recipe: borrowing KeyRecipe) -> Result {
    bytes.reset()
    for part in recipe.parts where !append(part, exchange, recipe) {
      switch recipe.missing {
      case .skip: return .skip
      case .deny: return .deny
      case .constant: bytes.append(Self.absent)
      }
    }
    return .made
  }

  /// Lends the parts that were written.
  func withParts<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { bytes.withBytes(body) }

  // What precedes a part: none of them can be taken for another.
  private static let absent: UInt8 = 0
  private static let present: UInt8 = 1
  private static let otherMethod: UInt8 = 2

  /// Appends a part; false, and nothing is appended, when the exchange has nothing for it.
  private mutating func append(_ part: KeyRecipe.Part, _ exchange: Exchange, _ recipe: borrowing KeyRecipe) -> Bool {
    switch part {
    case .domain:
      guard let domain = exchange.domain else { return false }
      domain.key.withUnsafeReadableBytes { append($0) }
    case .token:
      guard let identity = exchange.identity else { return false }
      bytes.append(Self.present)
      bytes.append(identity.fingerprint)
    case .subject: return appendSubject(exchange.identity)
    case .route: return append(exchange.route?.pattern)
    case .operation: return append(exchange.operation?.id)
    case .method: appendMethod(exchange.request)
    case .address: return appendAddress(exchange, recipe)
    case .header(let index): return appendFields(recipe.names[index], exchange.request.block)
    case .claim(let index): return appendClaim(recipe.names[index], exchange.identity)
    }
    return true
  }

  private mutating func append(_ part: UnsafeRawBufferPointer) {
    bytes.append(Self.present)
    bytes.append(part: part)
  }

  private mutating func append(_ text: String?) -> Bool {
    guard var text, !text.isEmpty else { return false }
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    return true
  }

  /// A subject is unique at its issuer only (RFC 7519 section 4.1.2).
  private mutating func appendSubject(_ identity: Identity?) -> Bool {
    guard let identity, append(identity.subject) else { return false }
    append(issuer: identity)
    return true
  }

  /// So is what a claim says.
  private mutating func appendClaim(_ name: String, _ identity: Identity?) -> Bool {
    guard let identity, append(identity.claims.first(where: { $0.name == name })?.value) else { return false }
    append(issuer: identity)
    return true
  }

  private mutating func append(issuer identity: Identity) {
    var issuer = identity.issuer
    issuer.withUTF8 { bytes.append(part: UnsafeRawBufferPointer($0)) }
  }

  /// A client can make up methods without end, so all that are unknown are one.
  private mutating func appendMethod(_ request: RequestHead) {
    if request.method == .other { return bytes.append(Self.otherMethod) }
    request.withMethodName { append($0) }
  }

  /// All values of the name, in order.
  private mutating func appendFields(_ name: String, _ block: FieldBlock) -> Bool {
    guard block.firstIndex(named: name) != nil else { return false }
    bytes.append(Self.present)
    let place = bytes.appendCount()
    var count = 0
    for index in block.fields.indices where !block.fields[index].isRemoved {
      let isNamed = block.withName(index) { found in
        found.count == name.utf8.count && zip(found, name.utf8).allSatisfy { Self.lowercased($0.0) == $0.1 }
      }
      guard isNamed else { continue }
      count += 1
      block.withValue(index) { bytes.append(part: $0) }
    }
    bytes.setCount(count, at: place)
    return true
  }

  private static func lowercased(_ octet: UInt8) -> UInt8 { octet &- 0x41 < 26 ? octet | 0x20 : octet }

  /// Of IPv6 one customer usually has a whole /64.
  private mutating func appendAddress(_ exchange: Exchange, _ recipe: borrowing KeyRecipe) -> Bool {
    guard let address = exchange.clientIP else { return append(exchange.clientAddress) }
    let network = address.masked(to: address.family == .v4 ? recipe.ipv4Prefix : recipe.ipv6Prefix)
    bytes.append(network.family.rawValue)
    bytes.append(network.high)
    bytes.append(network.low)
    return true
  }
}

extension PluginScope {
  fileprivate var tag: UInt8 {
    switch self {
    case .floor: 1
    case .defaults: 2
    case .domain: 3
    }
  }
}
