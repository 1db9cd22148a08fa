public import HTTPWire

/// Finds what belongs to a method and a normalised path: fixed segments before parameters, a rest (`*`) last.
///
/// Patterns are `/a/{b}/c` or end in `/*`. A closing slash of the path is ignored, as the API does; an encoded slash is data.
/// A look-up allocates nothing and is bounded by the number of segments and the alternatives that patterns offer.
public struct PathTree<Value: Sendable>: Sendable {
  /// What a look-up finds.
  public enum Match {
    /// The value of the best pattern.
    case found(Value)
    /// A pattern fits the path, but not the method.
    case methodNotAllowed
    /// No pattern fits the path.
    case notFound
  }

  private struct Node: Sendable {
    var fixed: [(segment: [UInt8], child: Int)] = []
    var parameter: Int?
    var here = MethodTable<Value>()
    var rest = MethodTable<Value>()
  }

  private var nodes = [Node()]

  /// An empty tree.
  public init() {}

  /// Whether nothing has been added.
  public var isEmpty: Bool { nodes.count == 1 && nodes[0].here.isEmpty && nodes[0].rest.isEmpty }

  /// Adds a pattern; `method` nil stands for every method that has no entry of its own.
  ///
  /// - Returns: false, and nothing is changed, when the same shape has an entry for the method already.
  @discardableResult
  public mutating func insert(_ pattern: String, method: String?, _ value: Value) -> Bool {
    var node = 0
    for segment in pattern.utf8.split(separator: UInt8(ascii: "/")) {
      if segment.elementsEqual("*".utf8) { return nodes[node].rest.insert(method, value) }
      node = segment.first == UInt8(ascii: "{") ? parameterChild(of: node) : fixedChild(Array(segment), of: node)
    }
    return nodes[node].here.insert(method, value)
  }

  /// Looks up a normalised path, which starts with a slash.
  public func match(_ method: Method, methodName: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer) -> Match {
    var sawPath = false
    let search = Search(method: method, methodName: methodName, path: path)
    if let value = find(0, at: 1, search, &sawPath) { return .found(value) }
    return sawPath ? .methodNotAllowed : .notFound
  }
}

// MARK: - Look-up

extension PathTree {
  private struct Search {
    let method: Method
    let methodName: UnsafeRawBufferPointer
    let path: UnsafeRawBufferPointer
  }

  /// Looks below a node, from the segment that starts at `start`.
  private func find(_ index: Int, at start: Int, _ search: Search, _ sawPath: inout Bool) -> Value? {
    let path = search.path
    guard start < path.count else {
      return hereValue(index, search, &sawPath) ?? restAfterSlash(index, search, &sawPath)
    }
    var end = start
    while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
    let segment = UnsafeRawBufferPointer(rebasing: path[start..<end])
    if let child = fixedChild(of: index, segment), let value = find(child, at: end + 1, search, &sawPath) {
      return value
    }
    if !segment.isEmpty, let child = nodes[index].parameter, let value = find(child, at: end + 1, search, &sawPath) {
      return value
    }
    return restValue(index, search, &sawPath)
  }

  /// `/files/*` takes `/files/`, but not `/files`.
  private func restAfterSlash(_ index: Int, _ search: Search, _ sawPath: inout Bool) -> Value? {
    guard search.path.last == UInt8(ascii: "/") else { return nil }
    return restValue(index, search, &sawPath)
  }

  private func hereValue(_ index: Int, _ search: Search, _ sawPath: inout Bool) -> Value? {
    if nodes[index].here.isEmpty { return nil }
    sawPath = true
    return nodes[index].here.value(search.method, search.methodName)
  }

  private func restValue(_ index: Int, _ search: Search, _ sawPath: inout Bool) -> Value? {
    if nodes[index].rest.isEmpty { return nil }
    sawPath = true
    return nodes[index].rest.value(search.method, search.methodName)
  }

  /// The children are sorted by length, then bytes.
  private func fixedChild(of index: Int, _ segment: UnsafeRawBufferPointer) -> Int? {
    var (low, high) = (0, nodes[index].fixed.count)
    while low < high {
      let middle = (low + high) / 2
      switch Self.compare(nodes[index].fixed[middle].segment, segment) {
      case 0: return nodes[index].fixed[middle].child
      case ..<0: low = middle + 1
      default: high = middle
      }
    }
    return nil
  }

  private static func compare(_ a: [UInt8], _ b: UnsafeRawBufferPointer) -> Int {
    if a.count != b.count { return a.count - b.count }
    for index in a.indices where a[index] != b[index] { return Int(a[index]) - Int(b[index]) }
    return 0
  }
}

// MARK: - Building

extension PathTree {
  private mutating func parameterChild(of index: Int) -> Int {
    if let child = nodes[index].parameter { return child }
    nodes.append(Node())
    nodes[index].parameter = nodes.count - 1
    return nodes.count - 1
  }

  private mutating func fixedChild(_ segment: [UInt8], of index: Int) -> Int {
    let order = segment.withUnsafeBytes { segment in
      nodes[index].fixed.firstIndex { Self.compare($0.segment, segment) >= 0 }
    }
    let place = order ?? nodes[index].fixed.count
    if place < nodes[index].fixed.count, nodes[index].fixed[place].segment == segment {
      return nodes[index].fixed[place].child
    }
    nodes.append(Node())
    nodes[index].fixed.insert((segment, nodes.count - 1), at: place)
    return nodes.count - 1
  }
}
