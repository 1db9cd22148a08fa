import Crypto
import Foundation
import Testing

@testable import TokenService

/// What the signer makes, and what it believes.
@Suite struct SignerTests {
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)
  private static let claims = TokenClaims(
    iss: "id.example", sub: "user", scope: ["all.User"], iat: 1_800_000_000, exp: 1_800_000_060, jti: "id")

  private let key: SigningKey
  private let older: SigningKey
  private let signer: TokenSigner

  init() async throws {
    key = try SigningKey()
    older = try SigningKey()
    signer = await TokenSigner(current: key, older: [older])
  }

  private func base64URL(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// A token whose signature is right, whatever it says.
  private func token(header: String, body: String, by signing: SigningKey? = nil) throws -> String {
    let text = "\(base64URL(Data(header.utf8))).\(base64URL(Data(body.utf8)))"
    let raw = (signing ?? key).rawRepresentation
    let signature = try Curve25519.Signing.PrivateKey(rawRepresentation: raw).signature(for: Data(text.utf8))
    return "\(text).\(base64URL(signature))"
  }

  private var body: String {
    get throws { String(decoding: try JSONEncoder().encode(Self.claims), as: UTF8.self) }
  }

  @Test func headerAndClaims() async throws {
    let parts = try await signer.sign(Self.claims).split(separator: ".")
    #expect(parts[0] == base64URL(Data(#"{"alg":"EdDSA","kid":"\#(key.id)","typ":"JWT"}"#.utf8)))
    let body = """
      {"exp":1800000060,"iat":1800000000,"iss":"id.example","jti":"id","scope":["all.User"],"sub":"user",\
      "subtype":"apiToken"}
      """
    #expect(parts[1] == base64URL(Data(body.utf8)))
  }

  @Test func everyKeyOfOursVerifies() async throws {
    #expect(try await signer.verify(try await signer.sign(Self.claims), now: Self.now) == Self.claims)
    let before = await TokenSigner(current: older, older: [])
    #expect(try await signer.verify(try await before.sign(Self.claims), now: Self.now) == Self.claims)
    #expect(signer.keySet.keys.map(\.kid) == [key.id, older.id])
  }

  @Test func unknownClaimsAndFieldsAreTolerated() async throws {
    let more = try body.dropLast() + #","nbf":1e300,"deep":{"a":[1,null]}}"#
    let token = try token(header: #"{"alg":"EdDSA","kid":"\#(key.id)","x":1}"#, body: String(more))
    #expect(try await signer.verify(token, now: Self.now) == Self.claims)
  }

  @Test func theClockIsTheCallers() async throws {
    let token = try await signer.sign(Self.claims)
    for (seconds, expired) in [(-4e9, false), (59.999, false), (60, true), (4e9, true)] {
      let time = Self.now + seconds
      if expired {
        await #expect(throws: TokenSigner.Failure.expired) { try await signer.verify(token, now: time) }
      } else {
        #expect(try await signer.verify(token, now: time) == Self.claims)
      }
    }
  }

  /// All of these are signed with a key of ours.
  @Test func headersThatAreNotBelieved() async throws {
    let fields = [
      #""alg":"none","kid":"\#(key.id)""#, #""alg":"HS256","kid":"\#(key.id)""#, #""alg":"eddsa","kid":"\#(key.id)""#,
      #""kid":"\#(key.id)""#, #""alg":"EdDSA""#, #""alg":"EdDSA","kid":null"#, #""alg":"EdDSA","kid":"x""#,
      #""alg":"EdDSA","kid":"\#(older.id)""#, #""alg":"EdDSA","kid":"\#(key.id)","crit":["b64"]"#,
      #""alg":"EdDSA","kid":"\#(key.id)","crit":1"#,
    ]
    for field in fields {
      let token = try token(header: "{\(field)}", body: try body)
      await #expect(throws: TokenSigner.Failure.invalid, "\(field)") { try await signer.verify(token, now: Self.now) }
    }
  }

  @Test func claimsThatAreNotBelieved() async throws {
    let good = try body
    let bodies = [
      "", "[]", "{}", good.replacing("apiToken", with: "user"), good.replacing(#""jti""#, with: #""jtj""#),
      good.replacing("1800000060", with: #""1800000060""#), good.replacing("1800000060", with: "1e300"),
      String(repeating: "[", count: 10_000),
    ]
    for body in bodies {
      let token = try token(header: #"{"alg":"EdDSA","kid":"\#(key.id)"}"#, body: body)
      await #expect(throws: TokenSigner.Failure.invalid, "\(body.prefix(80))") {
        try await signer.verify(token, now: Self.now)
      }
    }
  }

  /// A number that JWTKit's header type cannot hold, in a header that nobody of ours signed.
  @Test func aStrangersHeaderDoesNoHarm() async throws {
    let header = #"{"alg":"EdDSA","kid":"\#(key.id)","x":1e300}"#
    let token = try token(header: header, body: try body, by: try SigningKey())
    await #expect(throws: TokenSigner.Failure.invalid) { try await signer.verify(token, now: Self.now) }
  }

  @Test func aSignatureIsWrittenInOneWay() async throws {
    let token = try await signer.sign(Self.claims)
    let last = try #require(token.last)
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    let next = digits[try #require(digits.firstIndex(of: last)) + 1]
    let plain = token.split(separator: ".").dropLast().joined(separator: ".") + "."
    let signature = String(try #require(token.split(separator: ".").last))
    var others = ["\(token)=", "\(token)==", "\(token) ", "\(token)A", "\(token.dropLast())\(next)", plain]
    others.append(plain + signature.replacing("-", with: "+").replacing("_", with: "/") + "==")
    for other in others {
      await #expect(throws: TokenSigner.Failure.invalid) { try await signer.verify(other, now: Self.now) }
    }
  }
}
