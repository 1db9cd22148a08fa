import Foundation
import UserApiTokens

/// The decoded parameters of a query string. An empty value counts as absent, as real clients send it for null.
struct QueryParameters: Sendable {
  private var values: [String: String] = [:]

  init(_ query: String) throws(ServiceFailure) {
    for pair in query.split(separator: "&") {
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try Self.decode(halves[0])
      let value = halves.count > 1 ? try Self.decode(halves[1]) : ""
      guard values[name] == nil else { throw .validation(name, "must be given once") }
      values[name] = value
    }
  }

  subscript(name: String) -> String? {
    guard let value = values[name], !value.isEmpty else { return nil }
    return value
  }

  /// `true`, `1` and `yes` are true; absent and empty are true as well; everything else is false.
  func flag(_ name: String) -> Bool {
    self[name].map { ["true", "1", "yes"].contains($0) } ?? true
  }

  func word<Word: WireValue>(_ name: String, _ type: Word.Type = Word.self) throws(ServiceFailure) -> Word? {
    guard let text = self[name] else { return nil }
    guard let word = Word.known.first(where: { $0.rawValue == text }) else {
      throw .validation(name, "must be one of: \(Word.known.map(\.rawValue).joined(separator: ", "))")
    }
    return word
  }

  func number(_ name: String, _ range: ClosedRange<Int>) throws(ServiceFailure) -> Int? {
    guard let text = self[name] else { return nil }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .validation(name, "is the wrong type") }
    guard let number = Int(text), number <= range.upperBound else {
      throw .validation(name, "is more than maximum")
    }
    guard number >= range.lowerBound else { throw .validation(name, "is less than minimum") }
    return number
  }

  private static func decode(_ text: Substring) throws(ServiceFailure) -> String {
    guard let decoded = text.replacing("+", with: " ").removingPercentEncoding else {
      throw .validation("query", "is not percent-encoded UTF-8")
    }
    return decoded
  }
}

extension TokenListQuery {
  init(_ query: QueryParameters) throws(ServiceFailure) {
    sortField = try query.word("sortField") ?? .name
    sortDirection = try query.word("sortDirection") ?? .ascending
    page = try query.number("page", 0...Int(Int32.max)) ?? 0
    perPage = try query.number("perPage", 1...Self.maximumPerPage) ?? 100
    filterField = try query.word("filterField")
    filter = query["filter"]
    if let filter, filter.unicodeScalars.count > 255 {
      throw .validation("filter", "has longer length than allowed")
    }
  }
}
