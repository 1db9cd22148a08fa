import NIOSSL

/// Why a TLS connection ended.
struct TLSFailure: Error, Equatable, CustomStringConvertible {
  enum Kind: Equatable {
    /// The two did not come to terms, or the peer went away before they did.
    case handshake
    /// The peer's certificate is not signed by a trusted authority, has expired, or is for another name.
    case certificate
    /// The transport ended without the peer's word that it had sent all: what was received may be cut off.
    case truncated
    /// Bytes that are no intact record, an alert of the peer, or records where none may be.
    case record
  }

  let kind: Kind
  /// For the log: what the TLS library says, without anything of the traffic.
  let reason: String

  var description: String {
    switch kind {
    case .handshake: "the TLS handshake failed: \(reason)"
    case .certificate: "the peer's certificate was refused: \(reason)"
    case .truncated: "the peer closed the connection without ending TLS"
    case .record: "the TLS connection broke: \(reason)"
    }
  }

  static let truncated = TLSFailure(kind: .truncated, reason: "no close_notify")
  static let endDuringHandshake = TLSFailure(kind: .handshake, reason: "the peer closed the connection")
  static let unexplained = TLSFailure(kind: .record, reason: "closed by the TLS library")

  init(kind: Kind, reason: String) {
    self.kind = kind
    self.reason = reason
  }

  /// - Parameter handshakeDone: whether the handshake had been completed.
  init(_ error: any Error, handshakeDone: Bool) {
    if let extra = error as? NIOSSLExtraError {
      let isName = extra == .failedToValidateHostname || extra == .serverHostnameImpossibleToMatch
      self.init(
        kind: isName ? .certificate : handshakeDone ? .record : .handshake,
        reason: isName ? "it is for another name" : extra.description)
      return
    }
    let reason = Self.reason(in: String(describing: error))
    let isCertificate = reason == "certificate verify failed" || reason.hasPrefix("noCertificate")
    self.init(kind: handshakeDone ? .record : isCertificate ? .certificate : .handshake, reason: reason)
  }

  /// The library's own words out of `error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at ...`.
  private static func reason(in text: String) -> String {
    let mark = "OPENSSL_internal:"
    var rest = text[...]
    while let index = rest.firstIndex(of: "O") {
      rest = rest[index...]
      if rest.hasPrefix(mark) {
        let word = rest.dropFirst(mark.count).prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        return String(word.map { $0 == "_" ? " " : $0 }).lowercased()
      }
      rest = rest.dropFirst()
    }
    return String(text.prefix(200))
  }
}
