import Crypto
import CryptoExtras
import Foundation

/// A token that must not be taken, and why. They come from RFC 8725, RFC 7515, RFC 7519 and the reports of weaknesses that
/// libraries had.
struct Attack: Sendable, CustomStringConvertible {
  let name: String
  let reason: String
  let token: String

  init(_ name: String, _ reason: String, _ token: String) {
    self.name = name
    self.reason = reason
    self.token = token
  }

  var description: String { name }

  static let all = forms + headers + algorithms + signatures + keys + claims

  /// What was published of JWT libraries, each with its source.
  static let published = publishedAlgorithms + publishedSignatures + publishedForms + publishedClaims

  // MARK: - What the attacks are made from

  static let issuer = "id.example"
  static let audience = "https://api.example"
  static let good = claims("")

  /// Claims that are good, and more members after them.
  static func claims(_ more: String) -> String {
    #"{"sub":"u","iss":"\#(issuer)","aud":["\#(audience)"],"scope":["all.User"]\#(more)}"#
  }

  static let ed = Signer.ed25519
  static let ec = Signer.p256
  static let rsa = Signer.rsa
  static let oct = Signer.secret

  /// A good token's three parts.
  static func parts(_ signer: Signer) -> [String] {
    signer.token(good).split(separator: ".").map(String.init)
  }

  /// A good token of the signer with another signature.
  static func signed(_ signer: Signer, _ signature: [UInt8]) -> String {
    let parts = parts(signer)
    return "\(parts[0]).\(parts[1]).\(base64URL(signature))"
  }

  static func signatureBytes(_ signer: Signer) -> (signed: String, bytes: [UInt8]) {
    let parts = parts(signer)
    let text = "\(parts[0]).\(parts[1])"
    return (text, signer.signature(text))
  }
}
