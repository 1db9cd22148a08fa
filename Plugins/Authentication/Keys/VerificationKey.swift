import GatewayKit
import Synchronization

/// A key with its name. The object lives as long as its source names the key: what was verified by it remembers it, and
/// is worth nothing any more once it is retired.
final class VerificationKey: Sendable {
  /// The name that tokens choose it by (`kid`); nil for a key without one.
  let name: String?
  let material: KeyMaterial
  /// What the key may be used for, at least one.
  let algorithms: Set<SignatureAlgorithm>
  /// The only issuer that the key speaks for; nil for any that the settings take.
  let issuer: String?
  private let digest: Fingerprint
  private let retired = Atomic<Bool>(false)

  init(name: String?, material: KeyMaterial, algorithms: Set<SignatureAlgorithm>, issuer: String? = nil) {
    self.name = name
    self.material = material
    self.algorithms = algorithms
    self.issuer = issuer
    self.digest = Fingerprint(digest: material.digest)
  }

  /// Whether the key's source has withdrawn it.
  var isRetired: Bool { retired.load(ordering: .relaxed) }

  func retire() { retired.store(true, ordering: .relaxed) }

  /// Whether both are the same key under the same name, for the same use.
  func isSame(as other: VerificationKey) -> Bool {
    name == other.name && issuer == other.issuer && algorithms == other.algorithms && digest == other.digest
  }
}
