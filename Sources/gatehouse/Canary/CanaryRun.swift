import AsyncHTTPClient
import Foundation
import GatewayEngine
import GatewayKit
import NIOCore
import NIOHTTP1

/// Asks for every target as all kinds of callers, in several orders and all at once, and looks in every answer for
/// somebody else's name.
struct CanaryRun {
  let gateway: Gateway
  let origin: CanaryOrigin
  let client: HTTPClient
  let tokens: CanaryTokens
  /// Patterns or paths that are public on purpose.
  let open: [String]

  private static let orders: [[CanaryCaller.Kind]] = [
    [.first, .first, .second, .wider, .anonymous, .powerless, .foreign, .first, .second, .wider, .anonymous],
    [.anonymous, .powerless, .wider, .second, .foreign, .first, .anonymous, .wider, .second, .first],
    [.foreign, .second, .first, .wider, .second, .powerless, .anonymous, .first],
  ]

  /// - Parameter other: the same in another domain; nil where there is none.
  func test(_ target: CanaryTarget, _ other: CanaryTarget?) async throws -> CanaryResult {
    var result = CanaryResult(target)
    let callers = try callers(target, other)
    for order in Self.orders {
      forgetAll()
      for kind in order {
        guard let caller = callers.first(where: { $0.caller.kind == kind }) else { continue }
        note(try await ask(caller, target), caller, callers, &result)
      }
    }
    forgetAll()
    for (caller, answer) in try await askTogether(callers, target) { note(answer, caller, callers, &result) }
    return result
  }

  private func forgetAll() { _ = gateway.caches.purge(CachePurge(.all)) }

  private struct Equipped: Sendable {
    let caller: CanaryCaller
    let token: String?
  }

  private func callers(_ target: CanaryTarget, _ other: CanaryTarget?) throws -> [Equipped] {
    try CanaryCaller.Kind.allCases.compactMap { kind in
      guard let place = kind == .foreign ? other : target else { return nil }
      let caller = CanaryCaller(kind, domain: place.domain, scopes: place.scopes)
      let token = caller.hasToken ? try tokens.token(of: caller, CanaryClaims(place.use)) : nil
      return Equipped(caller: caller, token: token)
    }
  }
}

// MARK: - Asking

extension CanaryRun {
  private struct Answer: Sendable {
    let status: Int
    let text: String
    let cacheStatus: String

    var isFromCache: Bool {
      cacheStatus.contains("hit") || cacheStatus.contains("collapsed;") || cacheStatus.hasSuffix("collapsed")
    }
  }

  private static let largest = 1 << 20

  private func ask(_ caller: Equipped, _ target: CanaryTarget) async throws -> Answer {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(gateway.addresses.first?.port ?? 0)\(target.path)")
    request.headers.add(name: "Host", value: caller.caller.domain)
    request.headers.add(name: "losantdomain", value: caller.caller.domain)
    if let token = caller.token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    let response = try await client.execute(request, timeout: .seconds(30))
    let content = String(buffer: try await response.body.collect(upTo: Self.largest))
    let fields = response.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
    return Answer(
      status: Int(response.status.code), text: "\(fields)\n\(content)",
      cacheStatus: response.headers.first(name: "Cache-Status") ?? "")
  }

  /// The origin answers nobody before all have asked, so that those wait together whom a cache lets wait for one answer.
  private func askTogether(_ callers: [Equipped], _ target: CanaryTarget) async throws -> [(Equipped, Answer)] {
    origin.close()
    defer { origin.open() }
    return try await withThrowingTaskGroup(of: (Equipped, Answer).self) { tasks in
      for caller in callers + callers { tasks.addTask { (caller, try await ask(caller, target)) } }
      // Time for them to arrive; whoever comes later only waits for nobody.
      try await Task.sleep(for: .milliseconds(30))
      origin.open()
      var answers: [(Equipped, Answer)] = []
      for try await answer in tasks { answers.append(answer) }
      return answers
    }
  }
}

// MARK: - Judging

extension CanaryRun {
  private func note(_ answer: Answer, _ caller: Equipped, _ all: [Equipped], _ result: inout CanaryResult) {
    result.requests += 1
    if caller.caller.kind == .first { result.statuses.insert(answer.status) }
    if answer.isFromCache { result.hits += 1 }
    for other in all where other.caller.mark != caller.caller.mark && answer.text.contains(other.caller.mark) {
      if isDeclared(result.target, caller.caller, other.caller) {
        result.shared += 1
      } else {
        result.leaks.insert(
          CanaryLeak(viewer: caller.caller.kind, owner: other.caller.kind, cacheStatus: answer.cacheStatus))
      }
    }
  }

  /// Whether the class of one of the route's caches lets this caller have that one's answer.
  private func isDeclared(_ target: CanaryTarget, _ viewer: CanaryCaller, _ owner: CanaryCaller) -> Bool {
    guard viewer.domain == owner.domain else { return false }
    // Who may not ask gets nothing, whoever shares it.
    if target.judgesScopes, viewer.kind == .powerless || owner.kind == .powerless { return false }
    return target.shares.contains { share in
      switch share {
      case "scopes": viewer.hasToken && owner.hasToken && viewer.scopes == owner.scopes
      case "domain": viewer.hasToken == owner.hasToken
      case "public": open.contains(target.pattern) || open.contains(target.path)
      default: false
      }
    }
  }
}
