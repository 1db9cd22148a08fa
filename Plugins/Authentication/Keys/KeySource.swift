import GatewayKit

/// One place that keys come from.
enum KeySource: Sendable {
  /// Keys that never change while the settings are in force.
  case fixed([VerificationKey])
  /// A key set in a file, read again when the file has changed.
  case file(path: String, terms: KeyTerms, stamp: FileStamp?)
  /// A key set at an address.
  case remote(url: String, terms: KeyTerms)

  private static let largestPEM = 64 << 10

  /// The source with the keys that can be had without the network.
  ///
  /// - Parameter named: the algorithms that the settings name.
  static func load(
    _ settings: KeySourceSettings, named: [SignatureAlgorithm]
  ) throws(KeyProblem) -> (source: KeySource, keys: [VerificationKey]) {
    let terms = KeyTerms(issuer: settings.issuer, algorithm: settings.algorithm, named: named)
    switch settings.origin {
    case .none: throw KeyProblem("name no keys")
    case .url(let url): return (.remote(url: url, terms: terms), [])
    case .file(let path):
      let stamp = FileStamp(path)
      return (.file(path: path, terms: terms, stamp: stamp), try readKeySet(path, terms: terms))
    case .keySet(let text):
      let keys = try inEnvironment { () throws(KeyProblem) in try keySet(text.bytes, terms: terms) }
      return (.fixed(keys), keys)
    case .pem(let path):
      let text = try read(path, limit: largestPEM)
      return try inFile(path) { () throws(KeyProblem) in try publicKey(text, terms, settings) }
    case .pemText(let text):
      return try inEnvironment { () throws(KeyProblem) in try publicKey(text.bytes, terms, settings) }
    case .secret(let secret):
      return try fixed(try KeyMaterial.secret(bytes: secret.bytes), terms, settings)
    }
  }

  private static func publicKey(
    _ text: [UInt8], _ terms: KeyTerms, _ settings: KeySourceSettings
  ) throws(KeyProblem) -> (source: KeySource, keys: [VerificationKey]) {
    guard let algorithm = settings.algorithm else { throw KeyProblem("is a public key without its algorithm") }
    return try fixed(
      try PublicKeyPEM.key(String(decoding: text, as: UTF8.self), for: algorithm), terms, settings)
  }

  private static func fixed(
    _ material: KeyMaterial, _ terms: KeyTerms, _ settings: KeySourceSettings
  ) throws(KeyProblem) -> (source: KeySource, keys: [VerificationKey]) {
    let key = VerificationKey(
      name: settings.name, material: material, algorithms: try terms.algorithms(of: material), issuer: terms.issuer)
    return (.fixed([key]), [key])
  }

  /// The keys of a file. A malformed key there is a mistake of whoever wrote it, so nothing of the file is used.
  static func readKeySet(_ path: String, terms: KeyTerms) throws(KeyProblem) -> [VerificationKey] {
    let bytes = try read(path, limit: JSONWebKeySet.largest)
    return try inFile(path) { () throws(KeyProblem) in try keySet(bytes, terms: terms) }
  }

  private static func keySet(_ bytes: [UInt8], terms: KeyTerms) throws(KeyProblem) -> [VerificationKey] {
    let content = try JSONWebKeySet.parse(bytes, terms: terms)
    if let problem = content.problems.first { throw KeyProblem(problem) }
    if content.keys.isEmpty {
      throw KeyProblem("holds no key that verifies signatures (Ed25519, P-256, P-384, P-521, RSA or oct)")
    }
    return content.keys
  }

  private static func inFile<R>(_ path: String, _ body: () throws(KeyProblem) -> R) throws(KeyProblem) -> R {
    do throws(KeyProblem) { return try body() } catch { throw KeyProblem("\(path) \(error.message)") }
  }

  private static func inEnvironment<R>(_ body: () throws(KeyProblem) -> R) throws(KeyProblem) -> R {
    do throws(KeyProblem) { return try body() } catch {
      throw KeyProblem("the environment variable \(error.message)")
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

extension KeySource {
  var isFixed: Bool { if case .fixed = self { true } else { false } }
  var isRemote: Bool { if case .remote = self { true } else { false } }

  /// Where the keys come from, as logs and metrics show it.
  var label: String {
    switch self {
    case .fixed: "settings"
    case .file(let path, _, _): path
    case .remote(let url, _): KeyPlace.label(of: url)
    }
  }
}
