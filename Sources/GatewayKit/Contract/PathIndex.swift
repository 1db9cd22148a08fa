import HTTPWire

/// The search structure behind ``PathTree``: flat arrays of plain numbers, so that a look-up copies and counts nothing.
struct PathIndex: Sendable {
  private struct Node: BitwiseCopyable {
    var firstEdge: Int32 = -1
    var parameter: Int32 = -1
    /// The table of the patterns that end here; -1 for none.
    var here: Int32 = -1
    /// The table of the patterns that go on with `*` from here.
    var rest: Int32 = -1
  }

  /// A fixed segment below a node; the edges of one node are a list.
  private struct Edge: BitwiseCopyable {
    var start: Int32
    var length: Int32
    var child: Int32
    var next: Int32
  }

  private var nodes = [Node()]
  private var edges: [Edge] = []
  private var segments: [UInt8] = []
  private var tables: [MethodTable] = []
  private var otherMethods: [(table: Int32, name: [UInt8], value: Int32)] = []

  /// What is looked for.
  struct Search {
    let method: Method
    let methodName: UnsafeRawBufferPointer
    let path: UnsafeRawBufferPointer
    /// Whether some pattern fits the path, whatever the method.
    var sawPath = false
  }
}

// MARK: - Look-up

extension PathIndex {
  func find(_ search: inout Search) -> Int? { find(0, at: 1, &search) }

  /// Looks below a node, from the segment that starts at `start`.
  private func find(_ index: Int, at start: Int, _ search: inout Search) -> Int? {
    let node = nodes[index]
    guard start < search.path.count else {
      // `/files/*` takes `/files/`, but not `/files`.
      return value(of: node.here, &search)
        ?? (search.path.last == UInt8(ascii: "/") ? value(of: node.rest, &search) : nil)
    }
    var end = start
    while end < search.path.count, search.path[end] != UInt8(ascii: "/") { end += 1 }
    if let child = child(of: node, search.path, start, end - start), let value = find(child, at: end + 1, &search) {
      return value
    }
    if end > start, node.parameter >= 0, let value = find(Int(node.parameter), at: end + 1, &search) { return value }
    return value(of: node.rest, &search)
  }

  private func child(of node: Node, _ path: UnsafeRawBufferPointer, _ start: Int, _ length: Int) -> Int? {
    var next = node.firstEdge
    while next >= 0 {
      let edge = edges[Int(next)]
      if Int(edge.length) == length, equal(edge, path, start) { return Int(edge.child) }
      next = edge.next
    }
    return nil
  }

  private func equal(_ edge: Edge, _ path: UnsafeRawBufferPointer, _ start: Int) -> Bool {
    for offset in 0..<Int(edge.length) where segments[Int(edge.start) + offset] != path[start + offset] { return false }
    return true
  }

  /// A HEAD is a GET without the content (RFC 9110 section 9.3.2) where it has no value of its own.
  private func value(of table: Int32, _ search: inout Search) -> Int? {
    guard table >= 0 else { return nil }
    search.sawPath = true
    let methods = tables[Int(table)]
    if search.method == .other {
      for other in otherMethods where other.table == table && other.name.elementsEqual(search.methodName) {
        return Int(other.value)
      }
    } else if let value = methods.value(search.method) {
      return value
    } else if search.method == .head, let value = methods.value(.get) {
      return value
    }
    return methods.any >= 0 ? Int(methods.any) : nil
  }
}

// MARK: - Building

extension PathIndex {
  /// False when the same shape has a value for the method already.
  mutating func insert(_ pattern: String, method: String?, _ value: Int) -> Bool {
    var node = 0
    for segment in pattern.utf8.split(separator: UInt8(ascii: "/")) {
      if segment.elementsEqual("*".utf8) {
        if nodes[node].rest < 0 { nodes[node].rest = addTable() }
        return set(nodes[node].rest, method, value)
      }
      node = segment.first == UInt8(ascii: "{") ? parameterChild(of: node) : fixedChild(Array(segment), of: node)
    }
    if nodes[node].here < 0 { nodes[node].here = addTable() }
    return set(nodes[node].here, method, value)
  }

  private mutating func addTable() -> Int32 {
    tables.append(MethodTable())
    return Int32(tables.count - 1)
  }

  private mutating func set(_ table: Int32, _ name: String?, _ value: Int) -> Bool {
    guard let name else { return tables[Int(table)].setAny(value) }
    if let method = Method(knownName: name) { return tables[Int(table)].set(method, value) }
    let bytes = Array(name.utf8)
    if otherMethods.contains(where: { $0.table == table && $0.name == bytes }) { return false }
    otherMethods.append((table, bytes, Int32(value)))
    return true
  }

  private mutating func parameterChild(of node: Int) -> Int {
    if nodes[node].parameter < 0 {
      nodes.append(Node())
      nodes[node].parameter = Int32(nodes.count - 1)
    }
    return Int(nodes[node].parameter)
  }

  private mutating func fixedChild(_ segment: [UInt8], of node: Int) -> Int {
    let known = segment.withUnsafeBytes { child(of: nodes[node], $0, 0, $0.count) }
    if let known { return known }
    nodes.append(Node())
    edges.append(
      Edge(
        start: Int32(segments.count), length: Int32(segment.count), child: Int32(nodes.count - 1),
        next: nodes[node].firstEdge))
    segments += segment
    nodes[node].firstEdge = Int32(edges.count - 1)
    return nodes.count - 1
  }
}

/// What belongs to the methods of one path: a number for each known method, and one for all others; -1 for none.
private struct MethodTable: BitwiseCopyable {
  private var known = SIMD8<Int32>(repeating: -1)
  private(set) var any: Int32 = -1

  func value(_ method: Method) -> Int? {
    let value = known[Int(method.rawValue) & 7]
    return value >= 0 ? Int(value) : nil
  }

  mutating func set(_ method: Method, _ value: Int) -> Bool {
    if known[Int(method.rawValue) & 7] >= 0 { return false }
    known[Int(method.rawValue) & 7] = Int32(value)
    return true
  }

  mutating func setAny(_ value: Int) -> Bool {
    if any >= 0 { return false }
    any = Int32(value)
    return true
  }
}
