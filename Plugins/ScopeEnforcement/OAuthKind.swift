/// Tells OAuth tokens by their kind. No public source states the word that the API writes into its tokens, so every kind
/// that holds `oauth`, in any letter case, counts: better one refusal too many than an OAuth token that makes tokens.
enum OAuthKind {
  static func isNamed(by kind: String) -> Bool {
    var matched = 0
    let word: StaticString = "oauth"
    for octet in kind.utf8 {
      let letter = octet | 0x20
      if letter == word.utf8Start[matched] {
        matched += 1
        if matched == word.utf8CodeUnitCount { return true }
      } else {
        matched = letter == word.utf8Start[0] ? 1 : 0
      }
    }
    return false
  }
}
