import GatewayKit
import NIOSSL

/// Reads PEM files for TLS and says what is wrong with them.
enum TLSFiles {
  struct Problem: Error {
    let message: String
    let hint: String
  }

  private static let largest = 4 << 20
  private static let certificateMark = "-----BEGIN CERTIFICATE-----"

  /// All certificates of a file, at least one. `what` names the file's part, such as `the certificate`.
  static func certificates(_ path: String, _ what: String) throws(Problem) -> [NIOSSLCertificate] {
    let bytes = try read(path, what)
    guard contains(bytes, certificateMark) || contains(bytes, "-----BEGIN TRUSTED CERTIFICATE-----") else {
      throw Problem(
        message: "\(what) file \(path) holds no PEM certificate",
        hint: contains(bytes, "PRIVATE KEY-----")
          ? "it holds a private key: are the two files mixed up?" : "it has to begin with \(certificateMark)")
    }
    do {
      let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
      if !certificates.isEmpty { return certificates }
    } catch {}
    throw Problem(
      message: "\(what) file \(path) holds a certificate that cannot be read",
      hint: "it may be cut off or changed: see what openssl x509 -in \(path) -text says")
  }

  static func key(_ path: String) throws(Problem) -> NIOSSLPrivateKey {
    let bytes = try read(path, "the key")
    if contains(bytes, "ENCRYPTED") {
      throw Problem(
        message: "the key file \(path) is encrypted", hint: "store it without a passphrase, readable by this user only")
    }
    guard contains(bytes, "PRIVATE KEY-----") else {
      throw Problem(
        message: "the key file \(path) holds no PEM private key",
        hint: contains(bytes, certificateMark)
          ? "it holds a certificate: are the two files mixed up?" : "it has to begin with -----BEGIN PRIVATE KEY-----")
    }
    do {
      // Without a callback the library would ask for a passphrase on the terminal.
      return try NIOSSLPrivateKey(bytes: bytes, format: .pem) { (_: NIOSSLPassphraseSetter<[UInt8]>) in
        throw Problem(message: "", hint: "")
      }
    } catch {
      throw Problem(
        message: "the key file \(path) holds a key that cannot be read",
        hint: "RSA, ECDSA and Ed25519 keys are possible: see what openssl pkey -in \(path) -noout says")
    }
  }

  private static func read(_ path: String, _ what: String) throws(Problem) -> [UInt8] {
    do {
      return try BoundedFile.read(path, limit: largest)
    } catch {
      throw Problem(message: "\(what) file \(path) \(error.reason)", hint: "name a readable PEM file")
    }
  }

  private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard bytes.count >= wanted.count else { return false }
    return bytes.indices.dropLast(wanted.count - 1).contains { bytes[$0...].starts(with: wanted) }
  }
}
