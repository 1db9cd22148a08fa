import Synchronization

/// All keys that are good at one time.
struct KeySet: Sendable {
  /// A token makes us try at most so many keys.
  static let mostCandidates = 8

  private static let last = Atomic<UInt64>(0)

  /// Another one for each set that was made, so that what was found with one is not believed of another.
  let number: UInt64
  private let keys: [VerificationKey]
  private let named: [String: [VerificationKey]]
  private let nameless: [VerificationKey]

  init(_ keys: [VerificationKey]) {
    self.number = Self.last.wrappingAdd(1, ordering: .relaxed).newValue
    self.keys = keys
    self.named = Dictionary(grouping: keys.filter { $0.name != nil }, by: { $0.name ?? "" })
    self.nameless = keys.filter { $0.name == nil }
  }

  /// What a token's `alg` and `kid` choose.
  enum Choice {
    /// Keys to try, at least one.
    case keys([VerificationKey], byName: Bool)
    /// The key of that name is for another algorithm.
    case otherAlgorithm
    /// No key fits.
    case none
  }

  /// The keys for a token. A name chooses by name; keys that have none stand in where no key has that name. A token
  /// that names no key may be of any key of its algorithm.
  func choose(name: String?, algorithm: SignatureAlgorithm) -> Choice {
    if let name, let sameName = named[name] {
      let fitting = sameName.filter { $0.algorithm == algorithm }
      return fitting.isEmpty ? .otherAlgorithm : .keys(Array(fitting.prefix(Self.mostCandidates)), byName: true)
    }
    let fitting = (name == nil ? keys : nameless).filter { $0.algorithm == algorithm }
    return fitting.isEmpty ? .none : .keys(Array(fitting.prefix(Self.mostCandidates)), byName: false)
  }
}
