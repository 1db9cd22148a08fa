import GatewayKit

extension ConfigurationBuilder {
  private static let mostStatuses = 64

  /// How a request is sent again; `off` for once.
  func readRetry(_ settings: SettingsReader) -> RetryConfiguration {
    var retry = RetryConfiguration()
    switch readSwitch(settings, "retry") {
    case .absent: break
    case .off: retry.attempts = 1
    case .on(let section):
      retry.attempts = section.int("attempts", default: retry.attempts, in: 1...10)
      retry.budget = section.percent("budget", default: retry.budget)
      retry.least = section.int("least", default: retry.least, in: 0...1_000_000)
      retry.statuses = readStatuses(section)
      retry.body = section.size("body", default: retry.body, in: 0...(16 << 20))
      if retry.attempts == 1, !retry.statuses.isEmpty {
        section.fail("statuses", "nothing is sent again with one attempt", hint: "write `attempts: 2`, or take it out")
      }
      section.finish()
    }
    return retry
  }

  /// The status codes after which a request is sent again; none when the key is absent.
  private func readStatuses(_ section: SettingsReader) -> [Int] {
    var statuses: [Int] = []
    for (text, node, path) in readStatusItems(section) {
      guard let status = ValueParser.integer(text), (400...599).contains(status) else {
        report(
          node.position, path, "\(quote(text, node)) is no status of a failure", hint: "write codes from 400 to 599")
        continue
      }
      if statuses.contains(status) {
        report(node.position, path, "`\(status)` stands here twice", hint: "name it once")
      } else {
        statuses.append(status)
      }
    }
    return statuses
  }

  /// Status codes and ranges of them: `[200-299, 404]`.
  func readStatusRanges(_ section: SettingsReader, default fallback: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
    guard section.has("statuses") else { return fallback }
    if isEmptyList(section.node("statuses")) {
      section.fail("statuses", "names no status", hint: "write codes and ranges, as in [200-299, 404]")
    }
    return readStatusItems(section).compactMap { text, node, path in
      if let range = statusRange(text) { return range }
      report(
        node.position, path, "\(quote(text, node)) is no status of an answer and no range of them",
        hint: "write codes from 200 to 599, or ranges such as 200-299")
      return nil
    }
  }

  private func readStatusItems(_ section: SettingsReader) -> [(text: String, node: ConfigNode, path: String)] {
    let items = section.stringNodes("statuses") ?? []
    if items.count > Self.mostStatuses {
      section.fail("statuses", "more than \(Self.mostStatuses) items", hint: "write fewer")
    }
    return Array(items.prefix(Self.mostStatuses))
  }

  private func statusRange(_ text: String) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { ValueParser.integer(String($0)) }
    guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return nil }
    guard (200...599).contains(first), (200...599).contains(last) else { return nil }
    return first...last
  }
}
