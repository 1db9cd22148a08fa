import Foundation
import GatewayConfig
import GatewayKit
import Testing

private let certificate = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
private let key = "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"

/// A folder with what TLS needs, whole and broken.
private func withPEM<Result>(_ body: (URL) throws -> Result) throws -> Result {
  try withFolder { folder in
    try folder.write("Subject: x\r\n" + certificate + certificate, to: "tls/chain.pem")
    try folder.write(key.replacing("PRIVATE", with: "EC PRIVATE"), to: "tls/key.pem")
    try folder.write(key.replacing("PRIVATE", with: "ENCRYPTED PRIVATE"), to: "tls/locked.pem")
    try folder.write(key.replacing("MA==", with: "Proc-Type: 4,ENCRYPTED\nMA=="), to: "tls/locked-old.pem")
    try folder.write(certificate + key, to: "tls/both.pem")
    try folder.write("-----BEGIN PUBLIC KEY-----\n", to: "tls/public.pem")
    try folder.write(String(repeating: "#", count: (1 << 20) + 1), to: "tls/large.pem")
    return try body(folder)
  }
}

/// Reads the smallest configuration with these lines instead of its own, from a file in the folder.
private func load(_ lines: [Int: String], more: String = "", in folder: URL) throws -> GatewayConfiguration {
  try folder.write(configuration(lines, more: more), to: "g.yaml")
  return try ConfigurationLoader.load(path: folder.appending(path: "g.yaml").path, environment: [:])
}

/// What is wrong with a listener's settings, which stand in line 2.
private func mistakes(listener: String) throws -> [ConfigurationIssue] {
  try withPEM { folder in
    do {
      _ = try load([2: "listeners: [{ bind: \"h:1\", \(listener) }]"], in: folder)
      return []
    } catch let error as ConfigurationError {
      return error.issues
    }
  }
}

@Suite struct TLSTests {
  private static let good = "{ certificate: tls/chain.pem, key: tls/key.pem }"

  @Test func aListenerSpeaksTLS() throws {
    try withPEM { folder in
      let line = """
        listeners: [{ bind: "h:1", domain_from: [sni, host], tls: { certificates: [\(Self.good),
          { certificate: \(folder.path)/tls/both.pem, key: tls/both.pem }], min_version: 1.3, handshake_timeout: 3s } },
          { bind: "h:2", tls: { certificates: [\(Self.good)] } }, { bind: "h:3" }]
        """
      let listeners = try load([2: line], in: folder).listeners
      let tls = try #require(listeners[0].tls)
      #expect(listeners[0].domainSources == [.sni, .host])
      #expect(tls.certificates.map(\.certificate) == ["chain", "both"].map { "\(folder.path)/tls/\($0).pem" })
      #expect(tls.certificates.map(\.key) == ["key", "both"].map { "\(folder.path)/tls/\($0).pem" })
      #expect(tls.certificates.map(\.position.line) == [2, 3])
      #expect(tls.minimumVersion == .tls13 && tls.handshakeTimeout == .seconds(3))
      let bare = try #require(listeners[1].tls)
      #expect(bare == ListenerTLSConfiguration(certificates: [tls.certificates[0]]))
      #expect(bare.minimumVersion == .tls12 && bare.handshakeTimeout == .seconds(10))
      #expect(listeners[2].tls == nil)
    }
  }

  @Test func theServerNameCountsForListenersThatSpeakTLS() throws {
    try withPEM { folder in
      let secure = "{ bind: \"h:1\", tls: { certificates: [\(Self.good)] } }"
      let loaded = try load(
        [2: "listeners: [\(secure), { bind: \"h:2\", domain_from: host }]"], more: "domain_from: [sni, host]",
        in: folder)
      #expect(loaded.domainSources == [.sni, .host])
      #expect(throws: ConfigurationError.self) {
        try load([2: "listeners: [\(secure), { bind: \"h:2\" }]"], more: "domain_from: [sni, host]", in: folder)
      }
    }
  }

  @Test func anUpstreamHasItsNameAuthorityAndCertificate() throws {
    try withPEM { folder in
      let settings = """
        tls: { server_name: API.test, authority: tls/chain.pem, certificate: tls/both.pem, key: tls/both.pem }
        """
      let loaded = try load(
        [3: "upstreams: { api: { endpoints: [\"http://a\", \"https://b\"], \(settings) } }"], in: folder)
      let tls = loaded.upstreams[0].tls
      #expect(tls.serverName == "api.test" && tls.authority == "\(folder.path)/tls/chain.pem")
      #expect(tls.certificate == "\(folder.path)/tls/both.pem" && tls.key == "\(folder.path)/tls/both.pem")
    }
  }

  @Test(arguments: [
    ("^tls: ", "tls", "has nothing behind it"),
    ("domain_from: [sni], ^tls: ", "tls", "has nothing behind it"),
    ("tls: ^on", "tls", "expected a mapping"),
    ("tls: ^{}", "tls.certificates", "TLS needs a certificate"),
    ("tls: { certificates: ^[] }", "tls.certificates", "TLS needs a certificate"),
    ("tls: { certificates: ^x.pem }", "tls.certificates", "expected a list"),
    ("tls: { certificates: [^x.pem] }", "tls.certificates[0]", "expected a mapping"),
    ("tls: { certificates: [^{ key: tls/key.pem }] }", "tls.certificates[0].certificate", "is missing"),
    ("tls: { certificates: [^{ certificate: tls/chain.pem }] }", "tls.certificates[0].key", "is missing"),
    ("tls: { certificates: [\(good)], min_version: ^1.1 }", "tls.min_version", "choose one of 1.2, 1.3"),
    ("tls: { certificates: [\(good)], handshake_timeout: ^0s }", "tls.handshake_timeout", "from 1ms to 7d"),
    ("tls: { certificates: [\(good)], ^ciphers: x }", "tls.ciphers", "unknown key"),
    (
      "tls: { certificates: [\(good), { certificate: ^tls/chain.pem, key: tls/key.pem }] }",
      "tls.certificates[1].certificate", "stands here twice"
    ),
  ])
  func aListenersMistakeIsToldWithItsPlace(marked: String, path: String, message: String) throws {
    let found = try mistakes(listener: marked.replacing("^", with: ""))
    #expect(found.count == 1, "\(found)")
    let issue = try #require(found.first)
    #expect(issue.position?.line == 2 && issue.position?.column == Self.column(marked), "\(issue)")
    #expect(issue.path == "listeners[0].\(path)" && issue.description.contains(message), "\(issue)")
    #expect(issue.hint?.isEmpty == false)
  }

  /// Where the caret stands in a line of ``mistakes(listener:)``.
  private static func column(_ marked: String) -> Int {
    "listeners: [{ bind: \"h:1\", ".count + marked.prefix { $0 != "^" }.count + 1
  }

  @Test(arguments: [
    ("gone.pem", "key.pem", "certificate", "does not exist"), ("chain.pem", "gone.pem", "key", "does not exist"),
    ("key.pem", "key.pem", "certificate", "holds no certificate"),
    ("chain.pem", "chain.pem", "key", "holds no private key"),
    ("chain.pem", "public.pem", "key", "holds no private key"),
    ("chain.pem", "locked.pem", "key", "is encrypted"), ("chain.pem", "locked-old.pem", "key", "is encrypted"),
    ("large.pem", "key.pem", "certificate", "is larger than 1MB"), (".", "key.pem", "certificate", "is a folder"),
    ("\"\"", "key.pem", "certificate", "is no name of a file"),
  ])
  func aFileThatWillNotDoFailsTheLoad(chain: String, key: String, wrong: String, message: String) throws {
    let name = { (file: String) in file == "\"\"" ? file : "tls/\(file)" }
    let found = try mistakes(listener: "tls: { certificates: [{ certificate: \(name(chain)), key: \(name(key)) }] }")
    #expect(found.map(\.path) == ["listeners[0].tls.certificates[0].\(wrong)"], "\(found)")
    #expect(found.allSatisfy { $0.message.contains(message) && $0.position?.line == 2 && $0.hint != nil }, "\(found)")
  }

  @Test(arguments: [("certificate", "chain", "has no key"), ("key", "key", "has no certificate")])
  func certificateAndKeyOfAClientComeTogether(name: String, file: String, message: String) throws {
    try withPEM { folder in
      let line = "upstreams: { api: { endpoints: [\"https://b\"], tls: { \(name): tls/\(file).pem } } }"
      let error = #expect(throws: ConfigurationError.self) { try load([3: line], in: folder) }
      let issue = try #require(error?.issues.first)
      #expect(error?.issues.count == 1 && issue.path == "upstreams.api.tls.\(name)")
      #expect(issue.position?.line == 3 && issue.position?.column == 56 + name.count, "\(issue)")
      #expect(issue.message.contains(message))
    }
  }
}
