import GatewayKit
import HTTPWire

/// What the origin gets of the caller's token and of what it says.
struct Forwarding: Sendable {
  private enum Token: Sendable {
    case pass
    case remove
    /// The value of the Authorization field that goes in its place.
    case replace([UInt8])
  }

  private let token: Token
  private let fields: IdentityFields
  /// Keeps the verified token from phase to phase.
  let slot: StateSlot

  /// nil when the origin gets what the client sent.
  init?(_ settings: ForwardingSettings, environment: PluginEnvironment) {
    if settings.isUnchanged { return nil }
    token =
      switch settings.token {
      case .pass: .pass
      case .remove: .remove
      case .replace(let secret): .replace("Bearer ".utf8 + secret.bytes)
      }
    fields = IdentityFields(settings.fields)
    slot = environment.makeStateSlot()
  }

  func apply(to exchange: Exchange) {
    let verified = exchange[slot] as? VerifiedToken
    if !fields.names.isEmpty { fields.apply(verified, to: exchange) }
    // Where the floor's plugin has put another token in place of the caller's, that stands.
    guard !exchange.requestAdditions.names.contains(.authorization) else { return }
    switch token {
    case .pass: break
    case .remove: exchange.request.block.remove(.authorization)
    case .replace(let value):
      exchange.request.block.remove(.authorization)
      // The domain's token is for those whose own was judged, never for nobody.
      if verified != nil { value.withUnsafeBytes { exchange.requestAdditions.add(.authorization, $0) } }
    }
  }
}
