import Crypto
import CryptoExtras
import Foundation

extension Attack {
  static let order: [UInt8] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7,
    0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
  ]
  private static let zero = [UInt8](repeating: 0, count: 32)
  private static let one = [UInt8](repeating: 0, count: 31) + [1]

  static let signatures: [Attack] = curves + others

  private static let curves: [Attack] = {
    let invalid = "token_signature_invalid"
    let (_, e) = signatureBytes(ec)
    let (r, s) = (Array(e.prefix(32)), Array(e.suffix(32)))
    let pairs: [(String, [UInt8])] = [
      ("both zero (CVE-2022-21449)", zero + zero), ("r zero", zero + s), ("s zero", r + zero),
      ("r and s the order", order + order), ("r the order, s one", order + one), ("r one, s the order", one + order),
      ("both one", one + one), ("swapped halves", s + r), ("one byte short", Array(e.dropLast())),
      ("one byte long", e + [0]), ("a zero before", [0] + e), ("zeros before each half", [0] + r + [0] + s),
      ("32 bytes", r), ("96 bytes", e + r), ("all ones", [UInt8](repeating: 0xFF, count: 64)), ("DER", der),
    ]
    var attacks = pairs.map { Attack("ECDSA: \($0.0)", invalid, signed(ec, $0.1)) }
    let (_, d) = signatureBytes(ed)
    let eddsa: [(String, [UInt8])] = [
      ("zero", zero + zero), ("R zero", zero + d.suffix(32)), ("S zero", d.prefix(32) + zero),
      ("S plus the order", Array(d.prefix(32)) + plusOrder(Array(d.suffix(32)))), ("63 bytes", Array(d.dropLast())),
      ("65 bytes", d + [0]), ("identity point", [1] + zero.dropFirst() + zero), ("one byte", [0]),
    ]
    attacks += eddsa.map { Attack("EdDSA: \($0.0)", invalid, signed(ed, $0.1)) }
    return attacks
  }()

  private static var der: [UInt8] {
    guard case .p256(let key) = ec.key else { return [] }
    return (try? key.signature(for: Data(signatureBytes(ec).signed.utf8))).map { Array($0.derRepresentation) } ?? []
  }

  /// S + L, which a verifier without the range check of RFC 8032 section 5.1.7 takes.
  private static func plusOrder(_ s: [UInt8]) -> [UInt8] {
    let l: [UInt8] =
      [
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
      ] + [UInt8](repeating: 0, count: 15) + [0x10]
    var carry = 0
    return zip(s, l).map { a, b in
      let sum = Int(a) + Int(b) + carry
      carry = sum >> 8
      return UInt8(sum & 0xFF)
    }
  }

  private static let others: [Attack] = {
    let invalid = "token_signature_invalid"
    var attacks: [Attack] = []
    if case .rsa(let key) = rsa.key {
      let text = Data(signatureBytes(rsa).signed.utf8)
      func sign(_ digest: some Digest, _ padding: _RSA.Signing.Padding = .insecurePKCS1v1_5) -> [UInt8] {
        (try? key.signature(for: digest, padding: padding)).map { Array($0.rawRepresentation) } ?? []
      }
      let good = sign(SHA256.hash(data: text))
      let forms: [(String, [UInt8])] = [
        ("zero", [UInt8](repeating: 0, count: 256)), ("one", [UInt8](repeating: 0, count: 255) + [1]),
        ("all ones", [UInt8](repeating: 0xFF, count: 256)), ("one byte short", Array(good.dropLast())),
        ("one byte long", good + [0]), ("a zero before", [0] + good), ("one byte", [1]),
        ("another hash", sign(SHA512.hash(data: text))), ("SHA-1", sign(Insecure.SHA1.hash(data: text))),
        ("PSS padding", sign(SHA256.hash(data: text), .PSS)),
      ]
      attacks += forms.map { Attack("RSA: \($0.0)", invalid, signed(rsa, $0.1)) }
    }
    let mac = signatureBytes(oct).bytes
    let empty = Signer(key: .secret([]), name: "oct")
    attacks += [
      Attack("HMAC: half", invalid, signed(oct, Array(mac.prefix(16)))),
      Attack("HMAC: one byte", invalid, signed(oct, Array(mac.prefix(1)))),
      Attack("HMAC: twice", invalid, signed(oct, mac + mac)),
      Attack("HMAC: zero", invalid, signed(oct, zero)),
      Attack("HMAC: empty key", invalid, empty.token(good)),
    ]
    attacks += (Signer.all + [.p384, .p521]).flatMap(changed)
    return attacks
  }()

  /// Good signatures of something else.
  private static func changed(_ signer: Signer) -> [Attack] {
    let invalid = "token_signature_invalid"
    let (p, name) = (parts(signer), signer.algorithm)
    let more = base64URL(Array(claims(#","admin":true"#).utf8))
    let stranger: Signer
    switch signer.key {
    case .ed25519: stranger = Signer(key: .ed25519(Curve25519.Signing.PrivateKey()), name: signer.name)
    case .p256: stranger = Signer(key: .p256(P256.Signing.PrivateKey()), name: signer.name)
    case .p384: stranger = Signer(key: .p384(P384.Signing.PrivateKey()), name: signer.name)
    case .p521: stranger = Signer(key: .p521(P521.Signing.PrivateKey()), name: signer.name)
    case .rsa: stranger = Signer(key: .rsa(Signer.rsaKey(bits: 2048)), name: signer.name)
    case .secret: stranger = Signer(key: .secret(Array("another secret that is long enough!".utf8)), name: signer.name)
    }
    let otherHeader = base64URL(Array(#"{"alg":"\#(name)","kid":"\#(signer.name)"}"#.utf8))
    return [
      Attack("\(name): another payload", invalid, "\(p[0]).\(more).\(p[2])"),
      Attack("\(name): another header", invalid, "\(otherHeader).\(p[1]).\(p[2])"),
      Attack("\(name): the payload alone signed", invalid, "\(p[0]).\(p[1]).\(base64URL(signer.signature(p[1])))"),
      Attack("\(name): the JSON signed", invalid, "\(p[0]).\(p[1]).\(base64URL(signer.signature(good)))"),
      Attack("\(name): another key of that name", invalid, stranger.token(good)),
      Attack("\(name): parts swapped", "token_malformed", "\(p[1]).\(p[0]).\(p[2])"),
    ]
  }
}
