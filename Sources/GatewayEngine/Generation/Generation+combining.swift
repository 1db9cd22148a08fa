import GatewayKit

// Plugins whose instances on one chain act as one.
extension Generation {
  /// The instances of a chain in order, those that act as one together, in the place of the first.
  func groups(of chain: Int) -> [[Int]] {
    var groups: [[Int]] = []
    for index in chains[chain] {
      let kind = ObjectIdentifier(type(of: plugins[index]))
      let isAlike = { (group: [Int]) in ObjectIdentifier(type(of: self.plugins[group[0]])) == kind }
      if plugins[index] is any CombiningPlugin, let known = groups.firstIndex(where: isAlike) {
        groups[known].append(index)
      } else {
        groups.append([index])
      }
    }
    return groups
  }

  /// The filter of such a group.
  func combine(_ indices: [Int], on loop: LoopContext) -> any Filter {
    let first = plugins[indices[0]]
    guard let first = first as? any CombiningPlugin else { return first.makeFilter(on: loop) }
    return combine(first, indices, on: loop)
  }

  private func combine<P: CombiningPlugin>(_ first: P, _ indices: [Int], on loop: LoopContext) -> any Filter {
    P.makeFilter(on: loop, combining: indices.compactMap { plugins[$0] as? P })
  }
}

extension Generation {
  /// What whoever wrote the configuration should know of it, each once.
  package var remarks: [String] {
    var remarks: [String] = []
    for remark in plugins.flatMap(\.remarks) where !remarks.contains(remark) { remarks.append(remark) }
    return remarks
  }
}
