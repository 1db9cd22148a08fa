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

  private var index = PathIndex()
  private var values: [Value] = []
  /// Whether nothing has been added.
  public private(set) var isEmpty = true

  /// An empty tree.
  public init() {}

  /// Adds a pattern; `method` nil stands for every method that has no entry of its own.
  ///
  /// - Returns: false, and nothing is found anew, when the same shape has an entry for the method already.
  @discardableResult
  public mutating func insert(_ pattern: String, method: String?, _ value: Value) -> Bool {
    guard index.insert(pattern, method: method, values.count) else { return false }
    values.append(value)
    isEmpty = false
    return true
  }

  /// Looks up a normalised path, which starts with a slash.
  public func match(_ method: Method, methodName: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer) -> Match {
    var search = PathIndex.Search(method: method, methodName: methodName, path: path)
    if let found = index.find(&search) { return .found(values[found]) }
    return search.sawPath ? .methodNotAllowed : .notFound
  }
}
