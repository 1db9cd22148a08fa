import Foundation
import GatewayTesting

/// An authority in a folder of its own, which goes with the object.
final class TLSAuthority: Sendable {
  struct Files: Sendable {
    let certificate: String
    let key: String
  }

  let folder: URL
  let certificate: String
  private let key: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    certificate = folder.appendingPathComponent("authority.pem").path
    key = folder.appendingPathComponent("authority.key").path
    try Self.openssl(
      Self.newKey + ["-subj", "/CN=authority", "-addext", "keyUsage=critical,keyCertSign"]
        + ["-keyout", key, "-out", certificate])
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Signs a certificate for these names, such as `DNS:example.com` or `IP:127.0.0.1`.
  func issue(_ names: String..., file: String = UUID().uuidString) throws -> Files {
    let files = Files(certificate: path("\(file).pem"), key: path("\(file).key"))
    try Self.openssl(
      Self.newKey + ["-subj", "/CN=test", "-addext", "subjectAltName=\(names.joined(separator: ","))"]
        + ["-addext", "basicConstraints=critical,CA:FALSE", "-CA", certificate, "-CAkey", key]
        + ["-keyout", files.key, "-out", files.certificate])
    return files
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func write(_ text: String, _ name: String) throws -> String {
    try text.write(toFile: path(name), atomically: false, encoding: .utf8)
    return path(name)
  }

  private static let newKey = [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
  ]

  static func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw HarnessError.timeout("openssl makes no certificate") }
  }
}
