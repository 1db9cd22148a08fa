import Crypto
import Foundation

extension Attack {
  static let forms: [Attack] = {
    let (h, p, s) = (parts(ed)[0], parts(ed)[1], parts(ed)[2])
    let malformed = "token_malformed"
    return [
      Attack("one part", malformed, h),
      Attack("two parts", malformed, "\(h).\(p)"),
      Attack("four parts", malformed, "\(h).\(p).\(s).\(s)"),
      Attack("five parts, as JWE has", malformed, "\(h)..\(p).\(s).\(s)"),
      Attack("no header", malformed, ".\(p).\(s)"),
      Attack("no payload", malformed, "\(h)..\(s)"),
      Attack("no signature", malformed, "\(h).\(p)."),
      Attack("dots only", malformed, ".."),
      Attack("one dot", malformed, "."),
      Attack("a dot before", malformed, ".\(h).\(p).\(s)"),
      Attack("padded signature", malformed, "\(h).\(p).\(s)=="),
      Attack("padded header", malformed, "\(h)=.\(p).\(s)"),
      Attack("plain base64", malformed, "\(h).\(p).\(String(s.dropLast(4)))+/AA"),
      Attack("unused bits set in the signature", malformed, "\(h).\(p).\(unusedBits(s))"),
      Attack("impossible length of the signature", malformed, "\(h).\(p).\(s)AAA"),
      Attack("blank inside", malformed, "\(h).\(p). \(s)"),
      Attack("tab inside", "token_signature_invalid", "\(h).\t\(p).\(s)"),
      Attack("two tokens", malformed, "\(h).\(p).\(s), \(h).\(p).\(s)"),
      Attack("quoted", malformed, "\"\(h).\(p).\(s)\""),
      Attack("a parameter after", malformed, "\(h).\(p).\(s);x=1"),
      Attack("percent-encoded dots", malformed, "\(h)%2E\(p)%2E\(s)"),
      Attack("not ASCII", malformed, "\(h).\(p).\(s)\u{E9}"),
      Attack("full-width letters", malformed, "\(h).\(p).\u{FF21}\(s)"),
      Attack("unused bits set in the payload", "token_signature_invalid", "\(h).\(unusedBits("\(p)A")).\(s)"),
      Attack(
        "longer than allowed", "token_too_large", ed.token(claims(#","x":"\#(String(repeating: "x", count: 9000))""#))),
    ]
  }()

  /// The same bytes to a lax decoder: the last character has bits that stand for nothing.
  static func unusedBits(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    guard let last = text.last, let index = alphabet.firstIndex(of: last) else { return text }
    return "\(text.dropLast())\(alphabet[index | 1])"
  }

  static let headers: [Attack] = {
    func token(_ header: String) -> String { ed.token(header: header, claims: good) }
    let kid = #""kid":"ed""#
    let malformed = "token_malformed"
    let refused = "token_header_refused"
    return [
      Attack("empty header", malformed, token("")),
      Attack("header is no JSON", malformed, token("alg=EdDSA")),
      Attack("header is a list", malformed, token(#"[{"alg":"EdDSA"}]"#)),
      Attack("header is a text", malformed, token(#""EdDSA""#)),
      Attack("alg twice", malformed, token(#"{"alg":"none","alg":"EdDSA",\#(kid)}"#)),
      Attack("alg twice, the other way", malformed, token(#"{"alg":"EdDSA","alg":"none",\#(kid)}"#)),
      Attack("alg twice, one escaped", malformed, token(#"{"alg":"EdDSA","\u0061lg":"none",\#(kid)}"#)),
      Attack("kid twice", malformed, token(#"{"alg":"EdDSA",\#(kid),"kid":"x"}"#)),
      Attack("something after the header", malformed, token(#"{"alg":"EdDSA",\#(kid)}x"#)),
      Attack("a second header", malformed, token(#"{"alg":"EdDSA",\#(kid)}{"alg":"none"}"#)),
      Attack("byte order mark", malformed, token("\u{FEFF}{\"alg\":\"EdDSA\"}")),
      Attack("NUL after the header", malformed, token("{\"alg\":\"EdDSA\",\(kid)}\u{0}")),
      Attack("control character in a text", malformed, token("{\"alg\":\"EdDSA\",\"kid\":\"e\nd\"}")),
      Attack("lone surrogate", malformed, token(#"{"alg":"EdDSA",\#(kid),"x":"\ud800"}"#)),
      Attack("trailing comma", malformed, token(#"{"alg":"EdDSA",\#(kid),}"#)),
      Attack("comment", malformed, token(#"{"alg":"EdDSA"/**/,\#(kid)}"#)),
      Attack("single quotes", malformed, token("{'alg':'EdDSA'}")),
      Attack("nested too deeply", malformed, token(#"{"alg":"EdDSA",\#(kid),"x":\#(nested(40))}"#)),
      Attack("address of keys (jku)", refused, token(#"{"alg":"EdDSA",\#(kid),"jku":"http://127.0.0.1:1/k"}"#)),
      Attack(
        "address of a certificate (x5u)", refused, token(#"{"alg":"EdDSA",\#(kid),"x5u":"http://127.0.0.1:1/c"}"#)),
      Attack("certificates (x5c)", refused, token(#"{"alg":"EdDSA",\#(kid),"x5c":["MIIB"]}"#)),
      Attack("compressed (zip)", refused, token(#"{"alg":"EdDSA",\#(kid),"zip":"DEF"}"#)),
      Attack("payload not encoded (b64)", refused, token(#"{"alg":"EdDSA",\#(kid),"b64":false,"crit":["b64"]}"#)),
      Attack("b64 true", refused, token(#"{"alg":"EdDSA",\#(kid),"b64":true}"#)),
      Attack("unknown extension (crit)", refused, token(#"{"alg":"EdDSA",\#(kid),"crit":["bork"],"bork":true}"#)),
      Attack("empty crit", refused, token(#"{"alg":"EdDSA",\#(kid),"crit":[]}"#)),
      Attack("crit that names a registered parameter", refused, token(#"{"alg":"EdDSA",\#(kid),"crit":["alg"]}"#)),
      Attack("encryption (enc)", refused, token(#"{"alg":"EdDSA",\#(kid),"enc":"A256GCM"}"#)),
      Attack("logout token", "token_type_refused", token(#"{"alg":"EdDSA",\#(kid),"typ":"logout+jwt"}"#)),
      Attack("proof of possession", "token_type_refused", token(#"{"alg":"EdDSA",\#(kid),"typ":"dpop+jwt"}"#)),
      Attack("security event", "token_type_refused", token(#"{"alg":"EdDSA",\#(kid),"typ":"secevent+jwt"}"#)),
      Attack("typ is a number", malformed, token(#"{"alg":"EdDSA",\#(kid),"typ":1}"#)),
      Attack(
        "nested token", malformed, ed.token(header: #"{"alg":"EdDSA",\#(kid),"cty":"JWT"}"#, claims: ed.token(good))),
    ]
  }()

  static func nested(_ depth: Int) -> String {
    String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
  }
}
