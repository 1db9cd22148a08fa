import Foundation
import GatewayConfig
import GatewayKit
import Testing

/// SplitMix64, so that a failure can be had again.
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite struct ShippedFileTests {
  private let file = shippedFolder.appending(path: "gatehouse.yaml").path

  @Test func theAnnotatedFileLoads() throws {
    let loaded = try ConfigurationLoader.load(path: file, environment: [:])
    #expect(loaded.domains.map(\.name) == ["example.com", "partner.example.com"])
    #expect(loaded.floor.map(\.plugin) == ["authentication", "scopes"])
    #expect(loaded.defaults.map(\.plugin) == ["request-id", "access-log", "rate-limit"])
    #expect(loaded.catalogs.keys.sorted() == ["losant"])
    let first = loaded.domains[0]
    #expect(
      loaded.effectiveUse(domain: first, route: first.routes[0]).map(\.plugin)
        == ["authentication", "scopes", "request-id", "access-log", "rate-limit", "cache"])
    let partner = loaded.domains[1]
    #expect(
      loaded.effectiveUse(domain: partner, route: nil).map(\.plugin)
        == ["authentication", "scopes", "request-id", "rate-limit"])
  }

  @Test func whatItCallsDefaultsAreTheDefaults() throws {
    let loaded = try ConfigurationLoader.load(path: file, environment: [:])
    #expect(loaded.limits == LimitsConfiguration() && loaded.trustedProxies.isEmpty)
    #expect(loaded.timeouts == TimeoutsConfiguration())
    #expect(loaded.shutdown == ShutdownConfiguration())
    #expect(loaded.log == LogConfiguration())
    let position = loaded.upstreams[0].position
    let bare = UpstreamConfiguration(name: "", endpoints: [], position: position)
    let shown = loaded.upstreams[0]
    #expect(shown.connectTimeout == bare.connectTimeout && shown.headTimeout == bare.headTimeout)
    #expect(shown.idleTimeout == bare.idleTimeout && shown.maxConnections == bare.maxConnections)
    #expect(shown.maxIdle == bare.maxIdle && shown.maxWaiting == bare.maxWaiting && shown.maxAge == bare.maxAge)
    #expect(shown.balance == bare.balance && shown.resolveInterval == bare.resolveInterval)
    #expect(shown.fair == bare.fair)
    #expect(shown.ejection == bare.ejection && shown.retry == bare.retry)
    #expect(loaded.mergesSlashes && loaded.domains[0].webSocket)
  }

  @Test func whatItShowsInCommentsCanBeWritten() throws {
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    let text = uncommented(lines.map(String.init), blocks: ["# - bind: 0.0.0.0:8443", "# health_check:", "# tls:"])
    let loaded = try withFolder { folder in
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "catalogs"), withDestinationURL: shippedFolder.appending(path: "catalogs"))
      for name in ["fullchain.pem", "ca.pem", "client.pem"] {
        try folder.write("-----BEGIN CERTIFICATE-----\n", to: "tls/\(name)")
      }
      for name in ["key.pem", "client.key"] { try folder.write("-----BEGIN PRIVATE KEY-----\n", to: "tls/\(name)") }
      return try ConfigurationLoader.parse(text: text, file: "u.yaml", environment: [:], baseDirectory: folder.path)
    }
    let tls = try #require(loaded.listeners.last?.tls)
    #expect(tls == ListenerTLSConfiguration(certificates: tls.certificates) && tls.certificates.count == 1)
    var check = HealthCheckConfiguration(path: "/health")
    check.host = "api.example.com"
    #expect(loaded.upstreams[0].healthCheck == check)
    #expect(loaded.upstreams[0].tls.serverName == "api.example.com" && loaded.upstreams[0].tls.key != nil)
  }

  /// The lines with some commented ones and what belongs to them as settings.
  private func uncommented(_ lines: [String], blocks: [String]) -> String {
    var indentation: String?
    return lines.map { line in
      if let start = blocks.first(where: { line.drop { $0 == " " } == $0 }) {
        indentation = String(line.dropLast(start.count))
      } else if let outer = indentation, !line.hasPrefix("\(outer)#   ") {
        indentation = nil
      }
      guard let outer = indentation else { return line }
      return outer + line.dropFirst(outer.count + "# ".count)
    }.joined(separator: "\n")
  }

  @Test(arguments: 0..<8)
  func noMutationCrashesTheLoader(_ seed: UInt64) throws {
    let original = Array(try String(contentsOfFile: file, encoding: .utf8).unicodeScalars)
    var generator = Generator(state: seed)
    var refused = 0
    for _ in 0..<150 {
      var scalars = original
      for _ in 0..<Int.random(in: 1...6, using: &generator) { mutate(&scalars, using: &generator) }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      do {
        _ = try ConfigurationLoader.parse(
          text: String(text), file: "m.yaml", environment: [:], baseDirectory: shippedFolder.path)
      } catch {
        refused += 1
        #expect(!error.issues.isEmpty)
        for issue in error.issues { #expect(isInside(issue.position, scalars), "seed \(seed): \(issue)") }
      }
    }
    #expect(refused > 20, "mutations that never break anything show nothing")
  }

  /// In the main file, or in a file that does not exist because a mutation named it.
  private func isInside(_ position: SourcePosition?, _ scalars: [Unicode.Scalar]) -> Bool {
    guard let position, position.file == "m.yaml" else { return false }
    let lines = scalars.count { ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains($0) } + 2
    return (1...lines).contains(position.line) && (1...scalars.count + 1).contains(position.column)
  }

  private func mutate(_ scalars: inout [Unicode.Scalar], using generator: inout Generator) {
    let place = Int.random(in: 0..<max(1, scalars.count), using: &generator)
    let length = min(scalars.count - place, Int.random(in: 1...40, using: &generator))
    let odd: [String] = [
      "*", "&a ", "*a", "${", "}", "\"", "'", "[", "]", "{", "? ", "- ", ": ", "\n", "\t", "\u{0}", "\u{E000}", "!t ",
      "|\n",
      "99999999999999999999s", "---\n", "\u{85}", "<<: ", "#", "%", "\u{1F600}", "\r", "\\", "0", "-1",
    ]
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: scalars.removeSubrange(place..<place + length)
    case 1: scalars.insert(contentsOf: scalars[place..<place + length], at: place)
    case 2:
      let target = Int.random(in: 0...scalars.count, using: &generator)
      scalars.insert(contentsOf: Array(scalars[place..<place + length]), at: target)
    case 3: scalars.removeSubrange(place...)
    default: scalars.insert(contentsOf: (odd.randomElement(using: &generator) ?? "").unicodeScalars, at: place)
    }
  }
}
