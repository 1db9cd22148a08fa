import GatewayKit

/// Why a request's token is not taken.
enum TokenFailure: Error, Sendable, CaseIterable {
  case missing
  case malformed
  case tooLarge
  case inQuery
  case algorithmRefused
  case headerRefused
  case typeRefused
  case keyUnknown
  case keysBusy
  case keysUnavailable
  case signatureInvalid
  case expired
  case expiryMissing
  case notYetValid
  case issuerUnknown
  case audienceWrong
  case kindRefused
  case wrongDomain
  case revoked
  case inactive
  case introspectionUnavailable
  case introspectionBusy
  /// No failure yet: the exchange was suspended until an endpoint has answered.
  case introspectionPending

  /// The stable code.
  var reason: ReasonCode {
    switch self {
    case .missing: "token_missing"
    case .malformed: "token_malformed"
    case .tooLarge: "token_too_large"
    case .inQuery: "token_in_query"
    case .algorithmRefused: "token_algorithm_refused"
    case .headerRefused: "token_header_refused"
    case .typeRefused: "token_type_refused"
    case .keyUnknown: "token_key_unknown"
    case .keysBusy: "token_keys_busy"
    case .keysUnavailable: "token_keys_unavailable"
    case .signatureInvalid: "token_signature_invalid"
    case .expired: "token_expired"
    case .expiryMissing: "token_expiry_missing"
    case .notYetValid: "token_not_yet_valid"
    case .issuerUnknown: "token_issuer_unknown"
    case .audienceWrong: "token_audience_wrong"
    case .kindRefused: "token_kind_refused"
    case .wrongDomain: "token_wrong_domain"
    case .revoked: "token_revoked"
    case .inactive: "token_inactive"
    case .introspectionUnavailable, .introspectionPending: "introspection_unavailable"
    case .introspectionBusy: "introspection_busy"
    }
  }
}
