import GatewayKit

/// A look into a PEM file (RFC 7468), so that a wrong one fails the load at its line. What is in it is for TLS to read.
enum PEMFile {
  /// What a file must hold.
  enum Content {
    case certificate, key
  }

  /// Hundreds of certificates; anything longer is the wrong file.
  private static let largest = 1 << 20

  /// What is wrong with the file and what would be right; nil when it holds what it should.
  static func problem(_ path: String, content: Content) -> (message: String, hint: String)? {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path, limit: largest)
    } catch {
      return ("the file \(path) \(error.reason)", "name a readable PEM file")
    }
    let labels = labels(bytes)
    switch content {
    case .certificate:
      if labels.contains(where: { $0.hasSuffix("CERTIFICATE") }) { return nil }
      return ("the file \(path) holds no certificate", "name a PEM file with `-----BEGIN CERTIFICATE-----` in it")
    case .key:
      if labels.contains("ENCRYPTED PRIVATE KEY") || isEncryptedOldForm(bytes) {
        return ("the key in \(path) is encrypted", "decrypt it, and let the file's permissions protect it")
      }
      if labels.contains(where: { $0.hasSuffix("PRIVATE KEY") }) { return nil }
      return ("the file \(path) holds no private key", "name a PEM file with `-----BEGIN PRIVATE KEY-----` in it")
    }
  }

  /// The words behind `BEGIN`.
  private static func labels(_ bytes: [UInt8]) -> [String] {
    lines(bytes).compactMap { line in
      guard line.starts(with: "-----BEGIN ".utf8) else { return nil }
      let label = line.dropFirst("-----BEGIN ".utf8.count).prefix { $0 != UInt8(ascii: "-") }
      return String(decoding: label, as: UTF8.self)
    }
  }

  /// Keys of the form before PKCS #8 say it in a line of their own (RFC 1421 section 4.6.1.1).
  private static func isEncryptedOldForm(_ bytes: [UInt8]) -> Bool {
    lines(bytes).contains { $0.starts(with: "Proc-Type: 4,ENCRYPTED".utf8) }
  }

  private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
  }
}
