/// How a listener speaks TLS.
package struct ListenerTLSConfiguration: Sendable, Hashable {
  /// A certificate chain and its key, both PEM files, read again when they change.
  package struct Certificate: Sendable, Hashable {
    package var certificate: String
    package var key: String
    package var position: SourcePosition

    package init(certificate: String, key: String, position: SourcePosition) {
      self.certificate = certificate
      self.key = key
      self.position = position
    }

    package static func == (left: Certificate, right: Certificate) -> Bool {
      left.certificate == right.certificate && left.key == right.key
    }

    package func hash(into hasher: inout Hasher) {
      hasher.combine(certificate)
      hasher.combine(key)
    }
  }

  /// The oldest version that is spoken.
  package enum Version: String, Sendable, CaseIterable {
    case tls12 = "1.2"
    case tls13 = "1.3"
  }

  /// At least one; the first serves names that no certificate is for.
  package var certificates: [Certificate]
  package var minimumVersion = Version.tls12
  /// From the accepted connection to the end of the handshake.
  package var handshakeTimeout = Duration.seconds(10)

  package init(certificates: [Certificate]) { self.certificates = certificates }
}
