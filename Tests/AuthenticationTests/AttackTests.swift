import Foundation
import Testing

@testable import Authentication
@testable import GatewayKit

@Suite struct AttackTests {
  private static let settings: [(String, Setting)] = [
    ("issuer", .text(Attack.issuer)), ("audience", .text(Attack.audience)),
  ]

  /// Without this no refusal would say anything.
  @Test(arguments: Signer.every) func whatTheAttacksAreMadeFromIsTaken(_ signer: Signer) throws {
    let rig = try GoodTokenTests.rig(Self.settings)
    #expect(try rig.judge(signer.token(Attack.good)).text == "next")
    for signature in [Attack.signatureBytes(signer).bytes] {
      #expect(try rig.judge(Attack.signed(signer, signature)).text == "next")
    }
  }

  @Test func theListIsLong() {
    #expect(Attack.all.count > 200)
    #expect(Set(Attack.all.map(\.name)).count == Attack.all.count)
  }

  @Test(arguments: Attack.all) func isRefused(_ attack: Attack) throws {
    let rig = try GoodTokenTests.rig(Self.settings)
    for _ in 0..<2 {
      let judgement = try rig.judge(attack.token)
      #expect(judgement.text == attack.reason)
      #expect(judgement.status == 401)
      #expect(judgement.identity == nil)
      #expect(judgement.fields.hasPrefix("WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\""))
    }
    #expect(rig.plugin.judge.cache.count == 0)
  }

  /// What is odd but right must not be refused, and must not trap.
  @Test(arguments: [
    #"{"exp":9223372036854775807}"#, #"{"exp":1e300}"#, #"{"exp":99999999999999999999999999999}"#,
    #"{"nbf":-9223372036854775808}"#, #"{"nbf":-1e300}"#, #"{"iat":-1e300}"#, #"{"iat":\#(TestClock.begin + 30)}"#,
    #"{"exp":1767225600.5}"#,
    #"{"exp":1.767225601e9}"#, #"{"nbf":1767225629}"#, " {\n\t\"exp\" : 1767225600 }\r\n", #"{"iat":-0}"#,
    #"{"x":"\ud83d\ude00\u0041\/\b"}"#, "{}",
  ])
  func oddButRight(_ claims: String) throws {
    #expect(try GoodTokenTests.rig().judge(Signer.ed25519.token(claims)).text == "next")
  }

  /// Whatever one byte of a good token becomes, it is no good token, and nothing traps.
  @Test(arguments: Signer.all) func everyChangedByte(_ signer: Signer) throws {
    let rig = try GoodTokenTests.rig()
    let token = Array(signer.token(#"{"sub":"u","scope":"a"}"#).utf8)
    for index in token.indices {
      for byte in [UInt8(ascii: "A"), UInt8(ascii: "."), UInt8(ascii: "_"), token[index] ^ 1, 0xFF]
      where byte != token[index] && byte > 0x20 && byte != 0x7F {
        var changed = token
        changed[index] = byte
        let failure = changed.withUnsafeBytes { bytes -> TokenFailure? in
          do throws(TokenFailure) {
            _ = try rig.plugin.judge.judge(bytes, at: rig.loop.wall, domain: nil)
            return nil
          } catch {
            return error
          }
        }
        #expect(failure != nil, "byte \(index) as \(byte)")
      }
    }
  }

  /// Random bytes, and random pieces of tokens put together, do not trap.
  @Test func noise() throws {
    let rig = try GoodTokenTests.rig()
    var random = SystemRandomNumberGenerator()
    // The pieces of a good token are among them.
    let good = Array(Attack.parts(.ed25519).joined(separator: ".").utf8)
    let pieces = Attack.all.prefix(80).flatMap { $0.token.split(separator: ".").map { Array($0.utf8) } }
    for _ in 0..<3000 {
      var bytes: [UInt8] = []
      for part in 0..<3 {
        if part > 0 { bytes.append(UInt8(ascii: ".")) }
        if Bool.random(using: &random) {
          bytes += pieces.randomElement(using: &random) ?? []
        } else {
          bytes += (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
      }
      let isTaken = bytes.withUnsafeBytes { (try? rig.plugin.judge.judge($0, at: 0, domain: nil)) != nil }
      #expect(!isTaken || bytes == good)
    }
  }
}
