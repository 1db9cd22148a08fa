import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Runs the demo's requests through real sockets and compares what comes with what was promised.
struct DemoCheck {
  private static let largestAnswer = 1 << 20
  let port: Int
  let tokens: DemoTokens

  /// True when every step went as promised. A line is printed for each.
  func run() async throws -> Bool {
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    var failures = 0
    for step in DemoStep.all {
      let problem: String?
      do {
        problem = try await self.problem(with: step, client)
      } catch {
        problem = "\(error)"
      }
      StandardOutput.write(
        problem.map { "FAIL  \(step.status) \(step.title): \($0)" } ?? "ok    \(step.status) \(step.title)")
      if problem != nil { failures += 1 }
    }
    try await client.shutdown()
    StandardOutput.write("\(DemoStep.all.count - failures) passed, \(failures) failed")
    return failures == 0
  }

  private func problem(with step: DemoStep, _ client: HTTPClient) async throws -> String? {
    var status = 0
    var fields = HTTPHeaders()
    var content = ""
    for _ in 0..<step.times {
      let response = try await client.execute(request(step), timeout: .seconds(10))
      status = Int(response.status.code)
      fields = response.headers
      content = String(buffer: try await response.body.collect(upTo: Self.largestAnswer))
    }
    if status != step.status { return "status \(status), expected \(step.status): \(content.prefix(300))" }
    if let field = step.field {
      guard let value = fields.first(name: field.name) else { return "there is no field \(field.name)" }
      guard field.holds.isEmpty || value.contains(field.holds) else {
        return "\(field.name) is `\(value)`, expected `\(field.holds)` in it"
      }
    }
    if let expected = step.content, !content.contains(expected) {
      return "the body does not hold `\(expected)`: \(content.prefix(300))"
    }
    return nil
  }

  private func request(_ step: DemoStep) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(step.path)")
    request.method = HTTPMethod(rawValue: step.method)
    request.headers.add(name: "losantdomain", value: step.domain)
    if let token = step.token.flatMap(tokens.value) {
      request.headers.add(name: "Authorization", value: "Bearer \(token)")
    }
    if let body = step.body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: body))
    }
    return request
  }
}
