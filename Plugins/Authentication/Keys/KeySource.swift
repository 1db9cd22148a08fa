import GatewayKit

/// One place that keys come from.
enum KeySource: Sendable {
  /// Keys that never change while the settings are in force.
  case fixed([VerificationKey])
  /// A key set in a file, read again when the file has changed.
  case file(path: String, issuer: String?, stamp: FileStamp?)
  /// A key set at an address.
  case remote(url: String, issuer: String?)

  private static let largestPEM = 64 << 10

  /// The source with the keys that can be had without the network.
  static func load(_ settings: KeySourceSettings) throws(KeyProblem) -> (source: KeySource, keys: [VerificationKey]) {
    switch settings.origin {
    case .none: throw KeyProblem("name no keys")
    case .url(let url): return (.remote(url: url, issuer: settings.issuer), [])
    case .file(let path):
      let stamp = FileStamp(path)
      let keys = try readKeySet(path, issuer: settings.issuer)
      return (.file(path: path, issuer: settings.issuer, stamp: stamp), keys)
    case .pem(let path, let algorithm):
      let text = String(decoding: try read(path, limit: largestPEM), as: UTF8.self)
      do throws(KeyProblem) {
        return fixed(try PublicKeyPEM.key(text, for: algorithm), settings)
      } catch {
        throw KeyProblem("\(path) \(error.message)")
      }
    case .secret(let secret):
      return fixed(try KeyMaterial.secret(bytes: secret.bytes), settings)
    }
  }

  private static func fixed(
    _ material: KeyMaterial, _ settings: KeySourceSettings
  ) -> (source: KeySource, keys: [VerificationKey]) {
    let keys = [VerificationKey(name: settings.name, material: material, issuer: settings.issuer)]
    return (.fixed(keys), keys)
  }

  /// The keys of a file. A malformed key there is a mistake of whoever wrote it, so nothing of the file is used.
  static func readKeySet(_ path: String, issuer: String?) throws(KeyProblem) -> [VerificationKey] {
    let bytes = try read(path, limit: JSONWebKeySet.largest)
    do throws(KeyProblem) {
      let content = try JSONWebKeySet.parse(bytes, issuer: issuer)
      if let problem = content.problems.first { throw KeyProblem(problem) }
      if content.keys.isEmpty {
        throw KeyProblem("holds no key that verifies signatures (Ed25519, P-256, RSA or oct)")
      }
      return content.keys
    } catch {
      throw KeyProblem("\(path) \(error.message)")
    }
  }

  private static func read(_ path: String, limit: Int) throws(KeyProblem) -> [UInt8] {
    do throws(BoundedFile.Failure) {
      return try BoundedFile.read(path, limit: limit)
    } catch {
      throw KeyProblem("\(path) \(error.reason)")
    }
  }
}
