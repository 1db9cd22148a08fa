import Foundation
import GatewayKit

extension OpenAPIReader {
  /// What `$ref` names in this document (RFC 6901 in the fragment of a URI); nil after reporting.
  func resolve(_ reference: OpenAPINode) -> OpenAPINode? {
    guard let text = reference.text, text.hasPrefix("#/") else {
      report(
        reference, "refers to another document", hint: "write `#/...`, a place in this one; put the documents together")
      return nil
    }
    var target = root
    for token in text.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
      let name = (token.removingPercentEncoding ?? String(token))
        .replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~")
      guard let next = target[name] else {
        report(reference, "\(SettingsReader.quote(text)) is not in this document", hint: "check its spelling")
        return nil
      }
      target = next
    }
    return target
  }
}
