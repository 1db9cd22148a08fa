import Crypto
import CryptoExtras
import Foundation

// Attacks that were published, each named by the CVE or the section of the RFC that warns of it.
extension Attack {
  static let publishedAlgorithms: [Attack] = {
    let (refused, malformed) = ("token_algorithm_refused", "token_malformed")
    let payload = base64URL(Array(good.utf8))
    func bare(_ header: String, _ signature: String = "") -> String {
      "\(base64URL(Array(header.utf8))).\(payload).\(signature)"
    }
    let signature = parts(ed)[2]
    return [
      Attack("CVE-2015-2951: none, no signature", malformed, bare(#"{"alg":"none"}"#)),
      Attack("RFC 8725 2.1: none, another's signature", refused, bare(#"{"alg":"none"}"#, signature)),
      Attack("RFC 7515 5.2: signature of blanks", malformed, bare(#"{"alg":"HS256","kid":"oct"}"#, "   ")),
      Attack("CVE-2018-1000531: none, one byte signed", refused, bare(#"{"alg":"none","kid":"ed"}"#, "AA")),
      Attack("CVE-2020-28042: signature left out", malformed, bare(#"{"alg":"HS256","kid":"oct"}"#)),
      Attack("CVE-2020-28042: EdDSA, signature left out", malformed, bare(#"{"alg":"EdDSA","kid":"ed"}"#)),
      Attack("CVE-2021-22160: none in capitals of all kinds", refused, bare(#"{"alg":"nONe"}"#, signature)),
      Attack("CVE-2022-23540: no alg at all", malformed, bare(#"{"kid":"ed"}"#, signature)),
      Attack("RFC 8725 3.2: none with a blank", refused, bare(#"{"alg":" none"}"#, signature)),
      Attack("RFC 8725 3.2: none in full width", refused, bare(#"{"alg":"\uff4eone"}"#, signature)),
      Attack("RFC 8725 3.2: none with a NUL", refused, bare(#"{"alg":"none\u0000"}"#, signature)),
      Attack("RFC 7518 3.6: none among good ones", malformed, bare(#"{"alg":["none","EdDSA"]}"#, signature)),
      Attack(
        "RFC 9864: the curve's name for the algorithm", refused, bare(#"{"alg":"Ed25519","kid":"ed"}"#, signature)),
      Attack("RFC 8812: ES256K by P-256", refused, ec.token(header: #"{"alg":"ES256K","kid":"ec"}"#, claims: good)),
      Attack("RFC 8725 3.2: RS1", refused, rsa.token(header: #"{"alg":"RS1","kid":"rsa"}"#, claims: good)),
      Attack(
        "CVE-2022-36083: a million rounds (p2c)", refused,
        oct.token(header: #"{"alg":"PBES2-HS256+A128KW","p2c":2147483647,"p2s":"AA"}"#, claims: good)),
      Attack("RFC 7516: alg dir", refused, oct.token(header: #"{"alg":"dir","kid":"oct"}"#, claims: good)),
    ] + confused + mismatched
  }()

  /// The public key as a secret, in each spelling that a library has taken for one.
  private static let confused: [Attack] = {
    guard case .rsa(let rsaKey) = rsa.key, case .p256(let ecKey) = ec.key, case .ed25519(let edKey) = ed.key else {
      return []
    }
    let edRaw = Array(edKey.publicKey.rawRepresentation)
    let ecPEM = ecKey.publicKey.pemRepresentation
    let rsaPEM = rsaKey.publicKey.pemRepresentation
    let spellings: [(String, String, [UInt8])] = [
      ("CVE-2016-10555: PEM", "rsa", Array(rsaPEM.utf8)),
      ("CVE-2023-48223: BEGIN RSA PUBLIC KEY", "rsa", Array(rsaKey.publicKey.pkcs1PEMRepresentation.utf8)),
      ("CVE-2023-48223: blanks before the PEM", "rsa", Array("  \n\(rsaPEM)".utf8)),
      ("CVE-2023-48238: PEM of P-256", "ec", Array(ecPEM.utf8)),
      ("CVE-2022-29217: PEM of P-256 with a line end", "ec", Array("\(ecPEM)\n".utf8)),
      ("CVE-2022-29217: ssh-ed25519", "ed", Array("ssh-ed25519 \(Data(edRaw).base64EncodedString())".utf8)),
      ("RFC 8725 2.1: the raw Ed25519 key", "ed", edRaw),
      ("RFC 8725 2.1: the raw point of P-256", "ec", Array(ecKey.publicKey.x963Representation)),
      ("CVE-2022-23541: DER of P-256", "ec", Array(ecKey.publicKey.derRepresentation)),
      ("RFC 8725 2.1: the JWK", "ed", Array(ed.jwk.utf8)),
    ]
    return spellings.flatMap { name, kid, bytes in
      ["HS256", "HS384", "HS512"].map { alg in
        let forger = Signer(key: .secret(bytes), name: kid, stated: alg)
        return Attack("\(name), as the secret of \(alg)", "token_algorithm_refused", forger.token(good))
      }
    }
  }()

  /// Really signed by a key that we know, but not by the algorithm that the key is for (RFC 8725 section 3.1).
  private static let mismatched: [Attack] = {
    guard case .secret(let secret) = oct.key else { return [] }
    let makers: [(Signer, String)] =
      ["RS384", "RS512", "PS256", "PS384", "PS512"].map { (Signer(key: rsa.key, name: "", stated: $0), "rsa") }
      + ["HS384", "HS512"].map { (Signer(key: .secret(secret), name: "", stated: $0), "oct") }
      + ["RS256", "PS256", "RS512"].map { (Signer(key: rsa.key, name: "", stated: $0), "PS512") }
      + [(Signer(key: ec.key, name: ""), "ec384"), (Signer.p384, "ec521"), (Signer.p521, "ec"), (ed, "ec")]
    return makers.map { signer, kid in
      let header = #"{"alg":"\#(signer.algorithm)","kid":"\#(kid)"}"#
      return Attack(
        "RFC 8725 3.1: \(signer.algorithm), signed, with the key \(kid)", "token_algorithm_refused",
        signer.token(header: header, claims: good))
    }
  }()

  static let publishedSignatures: [Attack] = {
    let invalid = "token_signature_invalid"
    func bytes(_ count: Int, _ last: UInt8 = 0) -> [UInt8] { [UInt8](repeating: 0, count: count - 1) + [last] }
    var attacks: [Attack] = []
    for (signer, size, order) in [(Signer.p384, 48, order384), (Signer.p521, 66, order521)] {
      let good = signatureBytes(signer).bytes
      let (r, s) = (Array(good.prefix(size)), Array(good.suffix(size)))
      let forms: [(String, [UInt8])] = [
        ("r and s zero", bytes(2 * size)), ("r zero", bytes(size) + s), ("s zero", r + bytes(size)),
        ("r and s the order", order + order), ("r the order, s one", order + bytes(size, 1)),
        ("r and s one", bytes(size, 1) + bytes(size, 1)), ("halves swapped", s + r),
        ("all ones", [UInt8](repeating: 0xFF, count: 2 * size)),
      ]
      attacks += forms.map { Attack("CVE-2022-21449: \(signer.algorithm), \($0.0)", invalid, signed(signer, $0.1)) }
      let lengths: [(String, [UInt8])] = [
        ("one byte short", Array(good.dropLast())), ("one byte long", good + [0]), ("a zero before", [0] + good),
        ("half", r), ("64 bytes", Array(good.prefix(64))),
      ]
      attacks += lengths.map { Attack("RFC 7518 3.4: \(signer.algorithm), \($0.0)", invalid, signed(signer, $0.1)) }
    }
    for signer in Signer.every where ["RS384", "RS512", "PS256", "PS384", "PS512"].contains(signer.name) {
      let good = signatureBytes(signer).bytes
      let forms: [(String, [UInt8])] = [
        ("a zero before", [0] + good), ("a zero behind", good + [0]), ("one byte short", Array(good.dropLast())),
        ("zero", bytes(256)), ("one", bytes(256, 1)), ("as large as can be", [UInt8](repeating: 0xFF, count: 256)),
        ("made by RS256", rsa.signature(signatureBytes(signer).signed)),
      ]
      attacks += forms.map { Attack("RFC 8017 8: \(signer.algorithm), \($0.0)", invalid, signed(signer, $0.1)) }
    }
    for signer in Signer.every where signer.name.hasPrefix("HS") {
      let good = signatureBytes(signer).bytes
      let forms: [(String, [UInt8])] = [
        ("cut to 32 bytes", Array(good.prefix(32))), ("cut to one byte", Array(good.prefix(1))),
        ("zero behind", good + [0]),
        ("last bit changed", Array(good.dropLast()) + [(good.last ?? 0) ^ 1]),
        (
          "by another secret",
          Signer(key: oct.key, name: "", stated: signer.stated).signature(signatureBytes(signer).signed)
        ),
      ]
      attacks += forms.map { Attack("RFC 7518 3.2: \(signer.algorithm), \($0.0)", invalid, signed(signer, $0.1)) }
    }
    return attacks + edwards
  }()

  /// RFC 8032 section 5.1.7: the order of the curve's subgroup, which S must stay below.
  private static let edwards: [Attack] = {
    let r = Array(signatureBytes(ed).bytes.prefix(32))
    let l: [UInt8] =
      [0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14]
      + [UInt8](repeating: 0, count: 15) + [0x10]
    let zero = [UInt8](repeating: 0, count: 32)
    let highest = [UInt8](repeating: 0xFF, count: 32)
    let small: [UInt8] = [
      0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF, 0xAC,
      0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
    ]
    return [
      ("S the order", r + l), ("S all ones", r + highest), ("R of small order", small + zero),
      ("R not canonical", [0xEE] + highest.dropFirst().dropLast() + [0x7F] + zero),
      ("R the neutral point, negated", [1] + zero.dropFirst().dropLast() + [0x80] + zero),
      ("R all ones", highest + zero),
    ].map { Attack("CVE-2020-36843: EdDSA, \($0.0)", "token_signature_invalid", signed(ed, $0.1)) }
  }()

  private static let order384 = hex(
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973")
  private static let order521 = hex(
    "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c"
      + "47aebb6fb71e91386409")

  private static func hex(_ text: String) -> [UInt8] {
    let digits = text.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
