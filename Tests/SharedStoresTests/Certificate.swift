import Foundation
import GatewayTesting

/// A certificate for 127.0.0.1 that signs itself, in a folder of its own that goes with the object.
final class Certificate {
  let path: String
  let keyPath: String
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("redis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.appendingPathComponent("certificate.pem").path
    keyPath = folder.appendingPathComponent("key.pem").path
    let code = RedisServer.run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", keyPath, "-out", path,
    ])
    guard code == 0 else { throw HarnessError.timeout("openssl makes no certificate") }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }
}
