import HTTPWire

/// What belongs to the methods of one path.
struct MethodTable<Value: Sendable>: Sendable {
  private var known: [Value?] = []
  private var others: [(name: [UInt8], value: Value)] = []
  private var any: Value?

  var isEmpty: Bool { known.isEmpty && others.isEmpty && any == nil }

  /// False when the method has a value already.
  mutating func insert(_ method: String?, _ value: Value) -> Bool {
    guard let name = method else {
      if any != nil { return false }
      any = value
      return true
    }
    guard let method = Method(knownName: name) else {
      if others.contains(where: { $0.name.elementsEqual(name.utf8) }) { return false }
      others.append((Array(name.utf8), value))
      return true
    }
    if known.isEmpty { known = Array(repeating: nil, count: Int(Method.other.rawValue)) }
    if known[Int(method.rawValue)] != nil { return false }
    known[Int(method.rawValue)] = value
    return true
  }

  /// A HEAD is a GET without the body (RFC 9110 section 9.3.2) where it has no value of its own.
  func value(_ method: Method, _ name: UnsafeRawBufferPointer) -> Value? {
    if method == .other {
      for other in others where other.name.count == name.count && other.name.elementsEqual(name) { return other.value }
      return any
    }
    if !known.isEmpty {
      if let value = known[Int(method.rawValue)] { return value }
      if method == .head, let value = known[Int(Method.get.rawValue)] { return value }
    }
    return any
  }
}
