import GatewayKit
import HTTPWire

/// Which fields of the request select a response (RFC 9111 section 4.1).
enum VaryRules {
  /// Fields that the gateway sets on the way to the origin, whatever the client sent: what varies by them cannot be
  /// matched with a later request.
  private static let ownedByGateway: FieldIDSet = [
    .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .forwarded, .via, .xRequestID, .losantdomain,
    .connection, .te, .traceparent, .tracestate,
  ]
  /// More names in `Vary` than this are not worth keeping an answer for.
  private static let mostNames = 16
  private static let codings = FieldSelection(["accept-encoding"])

  /// Nil when the response cannot be matched with a request: `*`, what is no field name, a field that the gateway sets
  /// (another token, or who asks, told to the origin in fields that no client may send: to the next look-up all callers
  /// are alike there), or too many names. An encoded body varies by Accept-Encoding whether or not the origin says so: it
  /// must not reach those who cannot decode it.
  static func selection(of exchange: Exchange) -> FieldSelection? {
    let block = exchange.response.block
    guard var vary = names(in: block) else { return nil }
    if block.first(.contentEncoding) != nil { vary = vary.union(codings) }
    guard !vary.contains(anyOf: ownedByGateway.union(exchange.requestAdditions.names)),
      !vary.contains(anyOf: exchange.withheld)
    else { return nil }
    return vary
  }

  private static func names(in block: FieldBlock) -> FieldSelection? {
    var vary = FieldSelection()
    var isMatchable = true
    for index in block.fields.indices where block.fields[index].id == .vary && !block.fields[index].isRemoved {
      block.withValue(index) { value in
        _ = ListScanner.forEach(in: value) { name in
          // `*` is a token, too, and so may be part of a name; none that is in use has one.
          if name.contains(UInt8(ascii: "*")) || !name.allSatisfy(OctetClass.isToken) { isMatchable = false }
          guard isMatchable, vary.count < mostNames else { return isMatchable = false }
          vary.add(UnsafeRawBufferPointer(rebasing: name))
        }
      }
    }
    return isMatchable ? vary : nil
  }
}
