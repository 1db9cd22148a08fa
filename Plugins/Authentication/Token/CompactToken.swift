/// A token in compact form (RFC 7515 section 7.1), taken apart: the header is read, nothing is verified.
struct CompactToken {
  static let longestName = 256

  let algorithm: SignatureAlgorithm
  /// The name of the key (`kid`).
  let keyName: String?
  /// How many bytes from the start are signed: header, dot and payload.
  let signedCount: Int
  let signature: [UInt8]
  /// The payload as text; it is decoded only after the signature has been verified.
  let payload: Range<Int>

  /// Header parameters that bring keys or addresses, change what is signed or compress it. A token has no say in these
  /// (RFC 8725 sections 3.1 and 3.10; CVE-2018-0114).
  private static let refused = ["jku", "jwk", "x5u", "x5c", "zip", "b64", "crit", "enc", "epk", "apu", "apv"]
  /// What `typ` may say; anything else was made for another purpose (RFC 8725 section 3.11).
  private static let types = ["jwt", "at+jwt", "application/jwt", "application/at+jwt"]

  init(_ token: UnsafeRawBufferPointer) throws(TokenFailure) {
    let dot = UInt8(ascii: ".")
    guard let first = token.firstIndex(of: dot), let last = token.lastIndex(of: dot), first > 0, last > first + 1,
      last < token.count - 1
    else { throw .malformed }
    payload = (first + 1)..<last
    guard !token[payload].contains(dot) else { throw .malformed }
    guard let text = Base64URL.decode(UnsafeRawBufferPointer(rebasing: token[..<first])),
      let header = try? StrictJSON.object(text)
    else { throw .malformed }
    guard Self.refused.allSatisfy({ header[$0] == nil }) else { throw .headerRefused }
    algorithm = try Self.algorithm(header)
    keyName = try Self.keyName(header)
    try Self.checkType(header)
    guard let signature = Base64URL.decode(UnsafeRawBufferPointer(rebasing: token[(last + 1)...])) else {
      throw .malformed
    }
    self.signature = signature
    signedCount = last
  }

  private static func algorithm(_ header: JSONObject) throws(TokenFailure) -> SignatureAlgorithm {
    guard let name = header["alg"]?.text else { throw .malformed }
    guard let algorithm = SignatureAlgorithm.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else {
      throw .algorithmRefused
    }
    return algorithm
  }

  private static func keyName(_ header: JSONObject) throws(TokenFailure) -> String? {
    guard let value = header["kid"] else { return nil }
    guard let name = value.text, name.utf8.count <= longestName else { throw .malformed }
    return name
  }

  private static func checkType(_ header: JSONObject) throws(TokenFailure) {
    guard let value = header["typ"] else { return }
    guard let type = value.text else { throw .malformed }
    guard types.contains(where: { $0.hasSameBytes(as: type.lowercased()) }) else { throw .typeRefused }
  }
}
