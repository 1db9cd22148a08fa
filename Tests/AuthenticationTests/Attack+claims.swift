import Crypto
import Foundation

extension Attack {
  static let keys: [Attack] = {
    func token(_ kid: String) -> String { ed.token(header: #"{"alg":"EdDSA","kid":\#(kid)}"#, claims: good) }
    let unknown = "token_key_unknown"
    let stranger = Signer(key: .ed25519(Curve25519.Signing.PrivateKey()), name: "mine")
    let header = #"{"alg":"EdDSA","jwk":\#(stranger.jwk)}"#
    let empty = Signer(key: .secret([]), name: "x")
    return [
      Attack(
        "key of its own (jwk, CVE-2018-0114)", "token_header_refused", stranger.token(header: header, claims: good)),
      Attack("unknown key", unknown, token(#""nobody""#)),
      Attack("empty kid", unknown, token(#""""#)),
      Attack("kid in capitals", unknown, token(#""ED""#)),
      Attack("kid with a NUL", unknown, token(#""ed\u0000""#)),
      Attack(
        "kid as a path", unknown, empty.token(header: #"{"alg":"HS256","kid":"../../../dev/null"}"#, claims: good)),
      Attack("kid as SQL", unknown, token(#""x' UNION SELECT 'k"# + "\"")),
      Attack("kid as an address", unknown, token(#""http://127.0.0.1:1/key""#)),
      Attack("kid is a number", "token_malformed", token("1")),
      Attack("kid is null", "token_malformed", token("null")),
      Attack("kid is a list", "token_malformed", token(#"["ed"]"#)),
      Attack("kid too long", "token_malformed", token("\"\(String(repeating: "k", count: 300))\"")),
      Attack(
        "a stranger without kid", "token_signature_invalid", stranger.token(header: #"{"alg":"EdDSA"}"#, claims: good)),
    ]
  }()

  static let claims: [Attack] = times + names + contents

  private static let times: [Attack] = {
    func token(_ more: String) -> String { ed.token(claims(more)) }
    let (now, malformed) = (TestClock.begin, "token_malformed")
    var attacks = [
      Attack("expired", "token_expired", token(#","exp":\#(now - 31)"#)),
      Attack("expired at the leeway's end", "token_expired", token(#","exp":\#(now - 30)"#)),
      Attack("expired, with a fraction", "token_expired", token(#","exp":\#(now - 31).999"#)),
      Attack("expired, with an exponent", "token_expired", token(#","exp":1.5e9"#)),
      Attack("expired at 0", "token_expired", token(#","exp":0"#)),
      Attack("expired before 1970", "token_expired", token(#","exp":-1"#)),
      Attack("expired long before", "token_expired", token(#","exp":-9223372036854775808"#)),
      Attack("expired beyond all numbers", "token_expired", token(#","exp":-1e300"#)),
      Attack("not yet valid", "token_not_yet_valid", token(#","nbf":\#(now + 31)"#)),
      Attack("valid in far future", "token_not_yet_valid", token(#","nbf":9223372036854775807"#)),
      Attack("valid beyond all numbers", "token_not_yet_valid", token(#","nbf":1e300"#)),
      Attack("exp twice", malformed, token(#","exp":1,"exp":\#(now + 60)"#)),
    ]
    for claim in ["exp", "nbf", "iat"] {
      for value in [
        "\"\(now + 60)\"", "null", "true", "[\(now + 60)]", "{}", "1e400", "-1e400",
        String(repeating: "9", count: 65),
      ] {
        attacks.append(Attack("\(claim) is \(value)", malformed, token(#","\#(claim)":\#(value)"#)))
      }
      for value in ["01", "+1", "1.", ".5", "0x10", "NaN", "Infinity", "1e", "--1", "1_000"] {
        attacks.append(Attack("\(claim) is \(value)", malformed, token(#","\#(claim)":\#(value)"#)))
      }
    }
    return attacks
  }()

  private static let names: [Attack] = {
    func issued(_ iss: String) -> String { ed.token(#"{"sub":"u","iss":\#(iss),"aud":"\#(audience)"}"#) }
    func meant(_ aud: String) -> String { ed.token(#"{"sub":"u","iss":"\#(issuer)","aud":\#(aud)}"#) }
    let (issuerUnknown, audienceWrong, malformed) = ("token_issuer_unknown", "token_audience_wrong", "token_malformed")
    return [
      Attack("no issuer", issuerUnknown, ed.token(#"{"aud":"\#(audience)"}"#)),
      Attack("no audience", audienceWrong, ed.token(#"{"iss":"\#(issuer)"}"#)),
      Attack("audience is null", malformed, meant("null")),
      Attack("audience is a number", malformed, meant("1")),
      Attack("audience list with a number", malformed, meant(#"["\#(audience)",1]"#)),
      Attack("audience list in a list", malformed, meant(#"[["\#(audience)"]]"#)),
      Attack("issuer is a list", malformed, issued(#"["\#(issuer)"]"#)),
      Attack("issuer is null", malformed, issued("null")),
      Attack("issuer twice", malformed, ed.token(claims(#","iss":"\#(issuer)""#))),
    ]
      + [
        "", "id.example/", "id.exampl", "id.example.evil", "ID.example", " id.example", "id.example\\u0000", "*",
        "https://id.example", "i\\u0064.example ",
      ].map { Attack("issuer `\($0)`", issuerUnknown, issued("\"\($0)\"")) }
      + [
        "", "https://api.example/", "https://api.exampl", "HTTPS://api.example", "api.example", "*",
        "https://api.example https://x",
      ].map { Attack("audience `\($0)`", audienceWrong, meant("\"\($0)\"")) }
      + [
        Attack("audience in an empty list", audienceWrong, meant("[]")),
        Attack("audience among others only", audienceWrong, meant(#"["a","b"]"#)),
      ]
  }()

  private static let contents: [Attack] = {
    let malformed = "token_malformed"
    func base(_ more: String) -> String { ed.token(#"{"iss":"\#(issuer)","aud":"\#(audience)"\#(more)}"#) }
    let scopes = [
      "1", "null", "true", #"{"a":1}"#, #"["a",1]"#, #"[["a"]]"#, #"["a b"]"#, #"[""]"#, #"["\u212a"]"#,
      #""a\u0009b""#, #""a\"b""#, #"["a\\b"]"#, #"["a\u0000"]"#,
    ]
    return scopes.map { Attack("scope \($0)", malformed, base(#","scope":\#($0)"#)) }
      + ["sub", "subtype", "jti"].map { Attack("\($0) is a number", malformed, base(#","\#($0)":1"#)) }
      + [
        Attack("scope twice", malformed, base(#","scope":["a"],"scope":["all.User"]"#)),
        Attack("scope twice, one escaped", malformed, base(#","scope":["a"],"sc\u006fpe":["all.User"]"#)),
        Attack("payload is a list", malformed, ed.token("[\(good)]")),
        Attack("payload is a text", malformed, ed.token(#""u""#)),
        Attack("payload is null", malformed, ed.token("null")),
        Attack("something after the payload", malformed, ed.token("\(good)garbage")),
        Attack("a second payload", malformed, ed.token("\(good)\(good)")),
        Attack("payload nested too deeply", malformed, base(#","x":\#(nested(1000))"#)),
        Attack("payload not closed", malformed, ed.token(String(good.dropLast()))),
        Attack(
          "too many members", malformed,
          base((0..<300).map { ",\"m\($0)\":0" }.joined())),
      ]
  }()
}
