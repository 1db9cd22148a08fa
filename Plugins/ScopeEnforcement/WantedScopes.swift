import GatewayKit

/// The ways in which scopes can satisfy an operation, sorted by how many they take.
struct WantedScopes {
  let acceptsAnyToken: Bool
  /// Each of these is enough by itself.
  let single: [String]
  /// All of one of these lists are enough.
  let several: [[String]]

  init(_ operation: OperationCatalog.Operation) {
    acceptsAnyToken = operation.alternatives.contains([])
    var seen: Set<String> = []
    let alone = operation.scopes + operation.alternatives.filter { $0.count == 1 }.joined()
    single = alone.filter { seen.insert($0).inserted }
    several = operation.alternatives.filter { $0.count > 1 }
  }

  /// What a client is told to get: any one of the single scopes, or else all of the first of the shortest lists.
  var shortest: [String] {
    single.isEmpty ? several.min { $0.count < $1.count } ?? [] : single
  }

  /// How ``shortest`` is to be read.
  var words: String { single.isEmpty ? "all of the scopes" : "one of the scopes" }
}
