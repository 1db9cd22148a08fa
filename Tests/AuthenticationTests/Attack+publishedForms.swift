import Foundation

extension Attack {
  static let publishedForms: [Attack] = {
    let (malformed, refused) = ("token_malformed", "token_header_refused")
    func header(_ more: String) -> String { ed.token(header: #"{"alg":"EdDSA","kid":"ed",\#(more)}"#, claims: good) }
    func typed(_ type: String) -> Attack {
      Attack("RFC 8725 3.11: typ \(type)", "token_type_refused", header(#""typ":"\#(type)""#))
    }
    let (h, p, s) = (parts(ed)[0], parts(ed)[1], parts(ed)[2])
    let token = "\(h).\(p).\(s)"
    let forged = base64URL(Array(claims(#","admin":true"#).utf8))
    return [
      Attack(
        "RFC 7516 3.1: a JWE", malformed, "\(base64URL(Array(#"{"alg":"dir","enc":"A128GCM"}"#.utf8)))..AAAA.AAAA.AAAA"),
      Attack("RFC 7516 4.1: enc in three parts", refused, header(#""enc":"A256GCM""#)),
      Attack("RFC 7518 4.6: an ephemeral key (epk)", refused, header(#""epk":{"kty":"OKP"}"#)),
      Attack("CVE-2024-33664: zip", refused, header(#""zip":"DEF""#)),
      Attack("CVE-2018-0114: jwk is null", refused, header(#""jwk":null"#)),
      Attack("RFC 7515 4.1.2: jku of this machine", refused, header(#""jku":"http://127.0.0.1:80/""#)),
      Attack("RFC 7515 4.1.5: x5u of a file", refused, header(#""x5u":"file:///etc/passwd""#)),
      Attack("RFC 7515 4.1.6: x5c with a certificate of its own", refused, header(#""x5c":["MIIBszCCAVmg"]"#)),
      Attack("CVE-2025-59420: unknown crit", refused, header(#""crit":["bork"],"bork":1"#)),
      Attack("RFC 7515 4.1.11: crit empty", refused, header(#""crit":[]"#)),
      Attack("RFC 7515 4.1.11: crit null", refused, header(#""crit":null"#)),
      Attack("RFC 7515 4.1.11: crit names exp", refused, header(#""crit":["exp"],"exp":0"#)),
      Attack("RFC 7797: b64 false", refused, header(#""b64":false"#)),
      Attack("RFC 7797 6: b64 false, crit", refused, header(#""crit":["b64"],"b64":false"#)),
      Attack("RFC 7797: payload as it is", "token_signature_invalid", "\(h).{}.\(s)"),
      Attack(
        "RFC 7515 7.2: JSON serialisation", malformed, #"{"protected":"\#(h)","payload":"\#(p)","signature":"\#(s)"}"#),
      Attack(
        "CVE-2022-39227: JSON and compact in one", malformed,
        #"{"\#(h).\#(forged).":"","protected":"\#(h)","payload":"\#(p)","signature":"\#(s)"}"#),
      Attack(
        "RFC 7519 5.2: a token in a token", malformed,
        ed.token(header: #"{"alg":"EdDSA","kid":"ed","cty":"JWT"}"#, claims: token)),
      Attack("RFC 7515 5.2: two tokens joined", malformed, token + token),
      Attack("RFC 7515 5.2: two tokens with a dot", malformed, "\(token).\(token)"),
      Attack("RFC 7515 5.2: two tokens with a comma", malformed, "\(token),\(token)"),
      Attack("RFC 7515 2: line end behind", malformed, "\(token)\n"),
      Attack("RFC 7515 2: line end inside", malformed, "\(h.prefix(8))\r\n\(h.dropFirst(8)).\(p).\(s)"),
      Attack("RFC 7515 2: blank before", malformed, " \(token)"),
      Attack("RFC 7515 2: NUL behind", malformed, "\(token)\u{0}"),
      Attack("RFC 7515 2: signature with padding", malformed, "\(token)=="),
      Attack("RFC 7515 2: signature in plain base64", malformed, "\(h).\(p).+/\(s.dropFirst(2))"),
      Attack("RFC 4648 3.5: unused bits in the signature", malformed, "\(h).\(p).\(unusedBits(s))"),
      Attack("CVE-2025-30204: ten thousand dots", "token_too_large", String(repeating: ".", count: 10_000)),
      Attack("CVE-2025-30204: a thousand dots", malformed, String(repeating: ".", count: 1000)),
      Attack(
        "CVE-2024-34273: __proto__ as alg", "token_algorithm_refused",
        ed.token(header: #"{"alg":"__proto__","kid":"ed"}"#, claims: good)),
      Attack(
        "RFC 7515 4.1.4: kid is an object", malformed,
        ed.token(header: #"{"alg":"EdDSA","kid":{"$ne":""}}"#, claims: good)),
      Attack("RFC 8725 3.10: kid of 10 KB", "token_too_large", kid(String(repeating: "k", count: 10_240))),
      Attack("RFC 8725 3.10: kid of 257 bytes", malformed, kid(String(repeating: "k", count: 257))),
      Attack("RFC 8259 4: a member twice, deep in the header", malformed, header(#""x":{"y":[{"z":1,"z":2}]}"#)),
      Attack("RFC 8259 4: alg twice, the same", malformed, header(#""alg":"EdDSA""#)),
      Attack("CVE-2022-45688: header nested 500 deep", malformed, header(#""x":\#(nested(500))"#)),
      Attack("CVE-2022-45688: header of objects 300 deep", malformed, header(#""x":\#(objects(300))"#)),
      Attack(
        "RFC 8259 8.1: byte order mark in the header", malformed,
        ed.token(header: "\u{FEFF}{\"alg\":\"EdDSA\"}", claims: good)),
      Attack("RFC 8259 8.2: surrogates the wrong way", malformed, header(#""x":"\udc00\ud800""#)),
      Attack("RFC 8259 2: form feed as a blank", malformed, header("\u{C}\"x\":1")),
      Attack(
        "RFC 8259 8.1: not UTF-8", malformed, "\(base64URL([0x7B, 0x22, 0xC0, 0xAF, 0x22, 0x3A, 0x31, 0x7D])).\(p).\(s)"
      ),
    ] + kids
      + [
        "dpop+jwt", "JWE", "secevent+jwt", "logout+jwt", "entity-statement+jwt", "token-introspection+jwt", "jwt ",
        "jose+json", "",
      ]
      .map(typed)
  }()

  private static func kid(_ name: String) -> String {
    ed.token(header: #"{"alg":"EdDSA","kid":"\#(name)"}"#, claims: good)
  }

  private static let kids: [Attack] = [
    "../../../../dev/null", "/proc/sys/kernel/randomize_va_space", "x' OR '1'='1", "' UNION SELECT 'AA", "|/usr/bin/id",
    "$(id)", "ed;ls", "__proto__", "constructor", "toString", "ed\\u0000", "ed ", "%65d", "*", "\\ud83d\\ude00",
    "e\\u0301d",
  ].map { Attack("RFC 8725 3.10: kid \($0)", "token_key_unknown", kid($0)) }

  static func objects(_ depth: Int) -> String {
    String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
  }

  static let publishedClaims: [Attack] = {
    let (now, malformed) = (TestClock.begin, "token_malformed")
    func token(_ more: String) -> String { ed.token(claims(more)) }
    func issued(_ iss: String) -> String { ed.token(#"{"iss":\#(iss),"aud":"\#(audience)"}"#) }
    func meant(_ aud: String) -> String { ed.token(#"{"iss":"\#(issuer)","aud":\#(aud)}"#) }
    let early = "token_not_yet_valid"
    return [
      Attack("RFC 7519 4.1.6: issued in the future", early, token(#","iat":\#(now + 31)"#)),
      Attack("RFC 7519 4.1.6: issued beyond all numbers", early, token(#","iat":1e300"#)),
      Attack("RFC 7519 4.1.6: issued in milliseconds", early, token(#","iat":\#(now)000"#)),
      Attack("RFC 7519 4.1.6: issued later than nbf", early, token(#","iat":\#(now + 60),"nbf":0"#)),
      Attack("RFC 7519 4.1.5: nbf later than iat", early, token(#","iat":0,"nbf":\#(now + 60)"#)),
      Attack("RFC 7519 2: exp is a text", malformed, token(#","exp":"never""#)),
      Attack("RFC 7519 2: exp is a number in a text", malformed, token(#","exp":"\#(now + 60)""#)),
      Attack("RFC 7519 2: exp is null", malformed, token(#","exp":null"#)),
      Attack("RFC 7519 2: exp is true", malformed, token(#","exp":true"#)),
      Attack("RFC 7519 2: exp is infinite", malformed, token(#","exp":1e999"#)),
      Attack("RFC 7519 2: exp is a tiny fraction", "token_expired", token(#","exp":1e-300"#)),
      Attack(
        "RFC 7519 2: exp of a thousand digits", malformed, token(#","exp":\#(String(repeating: "9", count: 1000))"#)),
      Attack(
        "RFC 7519 2: exponent of a hundred digits", malformed,
        token(#","exp":1e\#(String(repeating: "9", count: 100))"#)),
      Attack("RFC 7519 4: exp twice, one escaped", malformed, token(#","exp":1,"\u0065xp":\#(now + 60)"#)),
      Attack("RFC 7519 4: a member twice, deep in the claims", malformed, token(#","x":{"y":{"z":1,"z":1}}"#)),
      Attack("RFC 8259 4: __proto__ twice", malformed, token(#","__proto__":{},"__proto__":{}"#)),
      Attack("CVE-2024-53861: a part of the issuer", "token_issuer_unknown", issued(#""id""#)),
      Attack("CVE-2024-53861: issuer empty", "token_issuer_unknown", issued(#""""#)),
      Attack("CVE-2025-30144: issuer in a list", malformed, issued(#"["https://evil.example","\#(issuer)"]"#)),
      Attack("RFC 8725 3.8: issuer with a slash", "token_issuer_unknown", issued(#""\#(issuer)/""#)),
      Attack("CVE-2020-26160: no audience in the list", "token_audience_wrong", meant("[]")),
      Attack("CVE-2020-26160: audience an empty text in a list", "token_audience_wrong", meant(#"[""]"#)),
      Attack("RFC 7519 4.1.3: audience null", malformed, meant("null")),
      Attack("RFC 7519 4.1.3: audience an object", malformed, meant(#"{"0":"\#(audience)"}"#)),
      Attack("RFC 7519 4.1.3: audience list with null", malformed, meant(#"["\#(audience)",null]"#)),
      Attack(
        "RFC 7519 4.1.2: subject a number", malformed, ed.token(#"{"sub":1,"iss":"\#(issuer)","aud":"\#(audience)"}"#)),
      Attack(
        "RFC 8693 4.2: scopes of several types", malformed,
        ed.token(#"{"iss":"\#(issuer)","aud":"\#(audience)","scope":["a",null]}"#)),
      Attack(
        "RFC 6749 3.3: scope with a NUL", malformed,
        ed.token(#"{"iss":"\#(issuer)","aud":"\#(audience)","scope":"a\u0000b"}"#)),
      Attack("CVE-2022-45688: claims nested 900 deep", malformed, token(#","x":\#(nested(900))"#)),
      Attack("CVE-2022-45688: claims of objects 400 deep", malformed, token(#","x":\#(objects(400))"#)),
      Attack("RFC 8259 8.2: lone surrogate in a claim", malformed, token(#","x":"\ud800""#)),
      Attack("RFC 8259 8.1: byte order mark before the claims", malformed, ed.token("\u{FEFF}\(good)")),
      Attack("RFC 8259 2: bytes behind the claims", malformed, ed.token("\(good)\u{0}")),
      Attack("RFC 8259 2: a comment in the claims", malformed, ed.token("\(good)//")),
      Attack("RFC 8259 7: a NUL in a text", malformed, token(",\"x\":\"\u{0}\"")),
      Attack("RFC 7519 7.2: claims empty", malformed, ed.token(" ")),
    ]
  }()
}
