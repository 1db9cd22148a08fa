import Foundation
import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

struct TLSMaterialTests {
  let authority: TLSAuthority
  let good: TLSAuthority.Files
  let position = SourcePosition(file: "gatehouse.yaml", line: 3, column: 5)

  init() throws {
    authority = try TLSAuthority()
    good = try authority.issue("DNS:example.com", file: "good")
  }

  private func issue(certificate: String? = nil, key: String? = nil) throws -> ConfigurationIssue {
    do {
      _ = try ServerTLSMaterial.of(.init(certificate: certificate ?? good.certificate, key: key ?? good.key))
    } catch let error as ConfigurationError {
      #expect(error.issues.count == 1)
      return try #require(error.issues.first)
    }
    throw HarnessError.timeout("the files were taken")
  }

  @Test func filesThatAreNotThere() throws {
    let issue = try issue(certificate: "/nowhere/a.pem")
    #expect(issue.position == position)
    #expect(issue.path == "listeners[0].tls.certificates[0]")
    #expect(issue.message == "the certificate file /nowhere/a.pem does not exist")
    #expect(issue.hint == "name a readable PEM file")
    #expect(try self.issue(key: "/nowhere/a.key").message == "the key file /nowhere/a.key does not exist")
  }

  @Test func filesThatAreNoPEM() throws {
    let text = try authority.write("nothing", "text.pem")
    let certificate = try issue(certificate: text)
    #expect(certificate.message == "the certificate file \(text) holds no PEM certificate")
    #expect(certificate.hint == "it has to begin with -----BEGIN CERTIFICATE-----")
    let key = try issue(key: text)
    #expect(key.message == "the key file \(text) holds no PEM private key")
    #expect(key.hint == "it has to begin with -----BEGIN PRIVATE KEY-----")
  }

  @Test func filesThatAreMixedUp() throws {
    #expect(try issue(certificate: good.key).hint == "it holds a private key: are the two files mixed up?")
    #expect(try issue(key: good.certificate).hint == "it holds a certificate: are the two files mixed up?")
  }

  @Test func filesThatAreBroken() throws {
    let certificate = try authority.write(
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "broken.pem")
    #expect(try issue(certificate: certificate).message.hasSuffix("holds a certificate that cannot be read"))
    let key = try authority.write("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "broken.key")
    #expect(try issue(key: key).message.hasSuffix("holds a key that cannot be read"))
  }

  @Test func keysOfAnotherCertificate() throws {
    let other = try authority.issue("DNS:example.org")
    let issue = try issue(key: other.key)
    #expect(
      issue.message
        == "the private key in \(other.key) does not belong to the certificate in \(good.certificate)")
  }

  @Test func encryptedKeysAreRefusedWithoutAsking() throws {
    let path = authority.path("locked.key")
    try TLSAuthority.openssl(["pkey", "-in", good.key, "-aes128", "-passout", "pass:x", "-out", path])
    #expect(try issue(key: path).message == "the key file \(path) is encrypted")
    // The older form names the encryption inside.
    let old = authority.path("old.key")
    try TLSAuthority.openssl(["ec", "-in", good.key, "-aes128", "-passout", "pass:x", "-out", old])
    #expect(try issue(key: old).message == "the key file \(old) is encrypted")
  }

  @Test func allMistakesAreToldTogether() throws {
    let bad = TLSAuthority.Files(certificate: "/nowhere", key: good.key)
    do {
      _ = try ServerTLSMaterial.of(bad, good, bad)
      Issue.record("the files were taken")
    } catch let error as ConfigurationError {
      #expect(error.issues.map(\.path) == [0, 2].map { "listeners[0].tls.certificates[\($0)]" })
    }
  }

  @Test(arguments: [(-40, "is not valid before"), (0, nil), (40, "has expired at")])
  func datesAreAWarning(days: Int, text: String?) throws {
    let clock = TestClock(wall: SystemClock().wall() + Int64(days) * 86_400 * 1_000_000_000)
    let configuration = ListenerTLSConfiguration(
      certificates: [.init(certificate: good.certificate, key: good.key, position: position)])
    let server = try ServerTLSMaterial.load(configuration, path: "tls", clock: clock)
    let client = try ClientTLSMaterial.load(
      .init(authority: authority.certificate, certificate: good.certificate, key: good.key), path: "tls",
      position: position, clock: clock)
    for warnings in [server.warnings, client.warnings] {
      #expect(warnings.count == (text == nil ? 0 : 1))
      if let text { #expect(warnings.first?.message.contains(text) == true) }
    }
  }

  @Test func whatIsWrongOnTheClientsSide() throws {
    func message(_ files: ClientTLSMaterial.Files) throws -> String {
      do {
        _ = try ClientTLSMaterial.load(files, path: "upstreams.a.tls", position: position, clock: SystemClock())
      } catch {
        #expect(error.issues.first?.path == "upstreams.a.tls")
        return error.issues.first?.message ?? ""
      }
      throw HarnessError.timeout("the files were taken")
    }
    #expect(
      try message(.init(authority: "/nowhere")) == "the authorities' file /nowhere does not exist")
    #expect(try message(.init(certificate: good.certificate)).contains("needs its key"))
    #expect(try message(.init(key: good.key)).contains("needs its key"))
    let other = try authority.issue("DNS:example.org")
    #expect(try message(.init(certificate: good.certificate, key: other.key)).contains("does not belong"))
    #expect(
      try message(.init(certificate: authority.certificate, key: good.key))
        == "the certificate in \(authority.certificate) cannot be used for TLS connections")
  }
}
