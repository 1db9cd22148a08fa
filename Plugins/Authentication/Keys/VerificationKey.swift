import GatewayKit
import Synchronization

/// A key with its name. The object lives as long as its source names the key: what was verified by it remembers it, and
/// is worth nothing any more once it is retired.
final class VerificationKey: Sendable {
  /// The name that tokens choose it by (`kid`); nil for a key without one.
  let name: String?
  let material: KeyMaterial
  /// The only issuer that the key speaks for; nil for any that the settings take.
  let issuer: String?
  private let digest: Fingerprint
  private let retired = Atomic<Bool>(false)

  init(name: String?, material: KeyMaterial, issuer: String? = nil) {
    self.name = name
    self.material = material
    self.issuer = issuer
    self.digest = Fingerprint(digest: material.digest)
  }

  /// The one algorithm that the key is good for.
  var algorithm: SignatureAlgorithm { material.algorithm }

  /// Whether the key's source has withdrawn it.
  var isRetired: Bool { retired.load(ordering: .relaxed) }

  func retire() { retired.store(true, ordering: .relaxed) }

  /// Whether both are the same key under the same name.
  func isSame(as other: VerificationKey) -> Bool {
    name == other.name && issuer == other.issuer && algorithm == other.algorithm && digest == other.digest
  }
}

extension Optional<VerificationKey> {
  /// Whether the key's source has withdrawn it. What no key vouches for is not withdrawn with one.
  var isRetired: Bool { self?.isRetired ?? false }
}
