import Foundation
import JWTKit

/// Adds to JWTKit's parser what that leaves open: the algorithm that the header names, and extensions that the header
/// declares critical (RFC 7515, section 4.1.11), of which none is understood here.
///
/// JWTKit calls it after the signature was found right, so only headers that were signed with our key get here. That
/// matters: its `JWTHeader` traps on a number beyond `Int`, so it must not be made of what a stranger sent.
struct StrictParser: JWTParser {
  private var parser = DefaultJWTParser()

  var jsonDecoder: any JWTJSONDecoder {
    get { parser.jsonDecoder }
    set { parser.jsonDecoder = newValue }
  }

  func parse<Payload: JWTPayload>(
    _ token: some DataProtocol, as type: Payload.Type
  ) throws -> (header: JWTHeader, payload: Payload, signature: Data) {
    let parsed = try parser.parse(token, as: type)
    guard parsed.header.alg == "EdDSA", parsed.header.fields["crit"] == nil else {
      throw JWTError.malformedToken(reason: "the header must say EdDSA and nothing critical")
    }
    return parsed
  }
}
