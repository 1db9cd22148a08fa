import Crypto
import Foundation
import JWTKit
import Logging
import Testing
import TokenService
import UserApiTokens

/// Which tokens are believed, and where they may stand.
@Suite struct CredentialTests {
  private struct Claims: JWTPayload {
    var iss: IssuerClaim
    var sub: SubjectClaim
    var subtype: String
    var scope: [String]
    var iat: IssuedAtClaim
    var exp: ExpirationClaim?
    var jti: IDClaim
    func verify(using algorithm: some JWTAlgorithm) async throws {}
  }

  @Test func anotherLibraryVerifiesTheToken() async throws {
    try await ServiceFixture.with { fixture in
      let answer = try await fixture.send("GET", "/.well-known/jwks.json", as: nil)
      #expect(answer.headers["cache-control"] == "public, max-age=60")
      let body = try #require(answer.body)
      #expect(!"\(body)".contains("\"d\""))
      let text = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
      let keys = try await JWTKeyCollection().add(jwksJSON: text)
      let claims = try await keys.verify(fixture.admin.secret.reveal(), as: Claims.self)
      #expect(claims.iss.value == "id.example" && claims.sub.value == fixture.user.id)
      #expect(claims.subtype == "apiToken" && claims.scope == ["all.User"] && claims.exp == nil)
      #expect(claims.jti.value == fixture.admin.record.id && fixture.user.id.count == 24)
    }
  }

  @Test func audience() async throws {
    try await ServiceFixture.with({ $0.audience = ["https://a.example"] }) { fixture in
      #expect(try claims(fixture.admin.secret.reveal())["aud"] == .array([.string("https://a.example")]))
      let answer = try await fixture.send("GET", "/me/tokens")
      #expect(answer.status == 200)
    }
  }

  @Test func tokensThatAreNotBelieved() async throws {
    try await ServiceFixture.with { fixture in
      let good = fixture.admin.secret.reveal()
      let parts = good.split(separator: ".").map(String.init)
      func encode(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacing("=", with: "").replacing("+", with: "-").replacing(
          "/", with: "_")
      }
      let stranger = Curve25519.Signing.PrivateKey()
      let signed = "\(parts[0]).\(parts[1])"
      let forged = try stranger.signature(for: Data(signed.utf8)).base64EncodedString()
        .replacing("=", with: "").replacing("+", with: "-").replacing("/", with: "_")
      let other = try await TokenService(configuration: .init(issuer: "id.example"), logger: .init(label: "other"))
      let elsewhere = try await other.issueToken(for: other.seedUser(name: "ann"), name: "n", scopes: ["all.User"])
      let bad = [
        "x", "a.b.c", "..", "\(signed).\(forged)", "\(signed).", signed, "\(good)=", "\(good).x",
        "\(encode(#"{"alg":"none"}"#)).\(parts[1]).",
        "\(encode(#"{"alg":"HS256","typ":"JWT"}"#)).\(parts[1]).\(parts[2])",
        "\(parts[0]).\(encode(#"{"sub":"x"}"#)).\(parts[2])", elsewhere.secret.reveal(),
        String(repeating: "a", count: 40_000),
      ]
      for token in bad {
        let answer = try await fixture.send("GET", "/me/tokens", as: token)
        #expect(answer.status == 401 && answer.type == "Unauthorized" && answer.message == "Invalid access token")
      }
    }
  }

  @Test func places() async throws {
    try await ServiceFixture.with { fixture in
      let good = fixture.admin.secret.reveal()
      let cases: [(path: String, field: String?, status: Int)] = [
        ("", nil, 403), ("", "", 403), ("", "Basic dTpw", 403), ("", "Bearer", 403), ("", "Bearer ", 403),
        ("", "bEaReR \(good)", 200), ("", "JWT \(good)", 200), ("", "Bearer  \(good)", 401), ("", good, 403),
        ("?access_token=\(good)", nil, 200), ("?jwt=\(good)", nil, 200), ("?access_token=x&jwt=\(good)", nil, 401),
        ("?jwt=x", "Bearer \(good)", 401), ("?access_token=", "Bearer \(good)", 200),
      ]
      for (path, field, status) in cases {
        let answer = try await fixture.send(
          "GET", "/me/tokens\(path)", as: nil, headers: field.map { [("Authorization", $0)] } ?? [])
        #expect(answer.status == status, "\(path.prefix(20)) \(field?.prefix(10) ?? "no field")")
        if status == 403 {
          #expect(answer.body == .object(["type": .string("Forbidden"), "message": .string("Access is forbidden")]))
        }
      }
    }
  }
}
