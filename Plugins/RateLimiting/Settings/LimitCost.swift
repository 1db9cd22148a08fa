import GatewayKit
import HTTPWire

/// How many units a request takes.
package struct LimitCost: Sendable, Hashable {
  /// What every request takes.
  package var base = 1
  /// So many bytes of content take one unit more; nil when content takes none.
  package var bytesPerUnit: Int?
  /// The response's field that says how many units the request was worth; nil when none does.
  package var field: String?
  /// No request takes more.
  package var most = 1000

  /// What every request takes, where that is known beforehand.
  var fixed: Int? { bytesPerUnit == nil ? (field == nil ? base : max(base, 1)) : nil }

  /// What is taken of the request when it is judged. What is only known later is worth a unit until then, so that nobody
  /// who owes passes.
  func atHead(_ request: RequestHead) -> Int64 {
    switch request.framing {
    case .length(let length):
      guard let bytesPerUnit else { break }
      return max(Int64(min(base + Self.units(length, bytesPerUnit), most)), field == nil ? 0 : 1)
    case .chunked where bytesPerUnit != nil: return Int64(max(base, 1))
    case .none, .chunked, .untilClose: break
    }
    return Int64(field == nil ? base : max(base, 1))
  }

  /// What the request was worth, once all its content has come.
  func atEnd(_ bytes: UInt64) -> Int64 { Int64(min(base + Self.units(bytes, bytesPerUnit ?? .max), most)) }

  /// What content of this length takes besides.
  static func units(_ length: UInt64, _ bytesPerUnit: Int) -> Int {
    let (whole, rest) = length.quotientAndRemainder(dividingBy: UInt64(bytesPerUnit))
    return Int(clamping: min(whole, 1 << 40)) + (rest == 0 ? 0 : 1)
  }

  private static let largest = 1_000_000

  /// `cost: 5`, or a mapping with `base`, `per`, `field` and `most`.
  static func read(_ settings: SettingsReader) -> LimitCost {
    var cost = LimitCost()
    guard let node = settings.node("cost") else { return cost }
    guard case .mapping = node.value, let section = settings.mapping("cost") else {
      cost.base = settings.int("cost", default: cost.base, in: 0...largest)
      cost.most = max(cost.most, cost.base)
      return cost
    }
    defer { section.finish() }
    cost.base = section.int("base", default: cost.base, in: 0...largest)
    cost.bytesPerUnit = section.optionalSize("per", in: 1...(1 << 40))
    cost.field = section.optionalString("field")
    cost.most = section.int("most", default: max(cost.most, cost.base), in: 1...largest)
    if let field = cost.field, FieldNameLetters(field) == nil {
      section.fail("field", "is no field name", hint: "write a name such as X-Request-Cost")
    }
    if cost.base > cost.most { section.fail("most", "is less than `base`", hint: "write at least \(cost.base)") }
    return cost
  }
}

/// Answers after which a request's units are given back.
package enum LimitRefund: String, CaseIterable, Sendable, Hashable {
  case clientError = "4xx"
  case serverError = "5xx"
  case notModified = "304"
  case cacheHit = "cache_hit"
}
