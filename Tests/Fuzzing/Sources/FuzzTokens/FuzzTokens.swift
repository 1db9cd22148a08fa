import Crypto
import CryptoExtras
import FuzzDriver
import GatewayKit
import Glibc

@testable import Authentication

/// Bytes become tokens: taken as they are, or signed by one of our keys and then damaged. What we did not sign is never
/// taken, and what is taken says what was signed.
private enum Check {
  static func run(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = Array(UnsafeRawBufferPointer(start: data, count: count))
    guard bytes.count > 4 else { return 0 }
    let (mode, choice, place) = (bytes[0], bytes[1], Int(bytes[2]) << 8 | Int(bytes[3]))
    bytes.removeFirst(4)
    let signer = Keys.signers[Int(choice) % Keys.signers.count]
    switch mode % 4 {
    case 0: precondition(verified(bytes) == nil, "taken, though nobody signed it")
    case 1: signed(header: Array(signer.header.utf8), claims: bytes, by: signer, place)
    case 2:
      let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
      signed(header: Array(bytes[..<end]), claims: Array(bytes[end...].dropFirst()), by: signer, place)
    default: keySet(bytes)
    }
    return 0
  }

  /// Signs both, whatever they hold. A token that is taken then is refused with any of its bits changed.
  private static func signed(header: [UInt8], claims: [UInt8], by signer: Signer, _ place: Int) {
    let text = base64URL(header) + [0x2E] + base64URL(claims)
    let token = text + [0x2E] + base64URL(signer.sign(text))
    guard let taken = verified(token) else { return }
    precondition(token.count == text.count + 1 + base64URL(signer.sign(text)).count)
    guard let object = try? StrictJSON.object(header), object["alg"]?.text == signer.algorithm.rawValue else {
      preconditionFailure("taken by another algorithm than it was signed by")
    }
    precondition(taken.key?.algorithms.contains(signer.algorithm) == true, "the key is not for that algorithm")
    guard let facts = try? StrictJSON.object(claims) else { preconditionFailure("taken without claims") }
    precondition((facts["sub"]?.text ?? "") == taken.identity.subject, "another subject")
    precondition(taken.identity.scopes == taken.identity.scopes.sorted(), "scopes in disorder")
    var changed = token
    changed[place % token.count] ^= 1 << UInt8(place >> 13)
    precondition(verified(changed) == nil, "taken, though changed after it was signed")
  }

  /// A key set never traps, and a key that comes from it is for something.
  private static func keySet(_ bytes: [UInt8]) {
    guard let content = try? JSONWebKeySet.parse(bytes, terms: KeyTerms(named: [.ps256, .hs512])) else { return }
    for key in content.keys { precondition(!key.algorithms.isEmpty, "a key for nothing") }
  }

  private static func verified(_ token: [UInt8]) -> VerifiedToken? {
    token.withUnsafeBytes { try? Keys.verifier.verify($0, keys: Keys.set) }
  }
}

/// base64url without padding.
private func base64URL(_ bytes: [UInt8]) -> [UInt8] {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  var text: [UInt8] = []
  var (bits, held) = (UInt32(0), 0)
  for byte in bytes {
    bits = (bits << 8 | UInt32(byte)) & 0xFFFF
    held += 8
    while held >= 6 {
      held -= 6
      text.append(alphabet[Int(bits >> UInt32(held)) & 63])
    }
  }
  if held > 0 { text.append(alphabet[Int(bits << UInt32(6 - held)) & 63]) }
  return text
}

@main
enum FuzzTokens {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments) { data, count in Check.run(data, count) })
  }
}
