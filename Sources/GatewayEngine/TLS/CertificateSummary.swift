import GatewayKit
import NIOCore
import NIOSSL

/// What the log says of a certificate.
struct CertificateSummary: Sendable, Equatable {
  let file: String
  /// In hexadecimal digits.
  let serial: String
  /// Seconds since 1970.
  let notBefore: Int64
  let notAfter: Int64

  init(_ certificate: NIOSSLCertificate, file: String) {
    self.file = file
    serial = certificate.serialNumber.map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
    notBefore = Int64(certificate.notValidBefore)
    notAfter = Int64(certificate.notValidAfter)
  }

  /// What is wrong with its dates at this moment; nil when it is valid.
  func warning(wallSeconds: Int64) -> String? {
    if wallSeconds > notAfter { return "the certificate in \(file) has expired at \(Self.text(notAfter))" }
    if wallSeconds < notBefore { return "the certificate in \(file) is not valid before \(Self.text(notBefore))" }
    return nil
  }

  /// As RFC 3339 writes it.
  static func text(_ seconds: Int64) -> String {
    var out = ByteBuffer()
    CivilTime(seconds: seconds).writeTimestamp(into: &out)
    return String(buffer: out) + "Z"
  }
}

/// Something that TLS connections are made of and that was read from files.
protocol TLSMaterial: Sendable {
  /// The leaf certificates in it.
  var certificates: [CertificateSummary] { get }
  /// What is not right and yet no reason to refuse it, such as an expired certificate.
  var warnings: [ConfigurationIssue] { get }
}
