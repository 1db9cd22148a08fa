import GatewayKit

extension ConfigurationBuilder {
  /// What a list of revocations may hold at most.
  private static let mostRevocations = 1_000_000

  func readRevocations(_ reader: SettingsReader) -> RevocationsConfiguration {
    var revocations = RevocationsConfiguration()
    guard let section = reader.mapping("revocations") else {
      if reader.has("revocations") { reportNothing(reader, "revocations") }
      return revocations
    }
    revocations.file = section.path("file")
    revocations.position = section.node("file")?.position
    // Taken for left out, it would mean that nothing is kept.
    if case .null = section.node("file")?.value { reportNothing(section, "file") }
    revocations.most = section.int("most", default: revocations.most, in: 1...Self.mostRevocations)
    section.finish()
    return revocations
  }

  /// What a caller of the operators' interface has to show: nothing that can be guessed, and fit for a field.
  func readAdminToken(_ section: SettingsReader) -> Secret? {
    guard let token = section.secret("token") else {
      if case .null = section.node("token")?.value { reportNothing(section, "token") }
      return nil
    }
    guard (16...1024).contains(token.bytes.count), token.bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      section.fail(
        "token", "is not fit for a token", hint: "16 to 1024 visible ASCII characters, as `openssl rand -hex 32` makes")
      return nil
    }
    return token
  }
}
