#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension SettingsReader {
  /// The name of a file. A relative one is taken from the folder of the file in which it stands.
  public func path(_ key: String) -> String? {
    guard let (text, node) = scalar(key, expected: "the name of a file") else { return nil }
    guard !text.isEmpty, !text.utf8.contains(0) else {
      fail(key, "is no name of a file", hint: "write a path such as keys/issuer.pem")
      return nil
    }
    return node.position.resolve(text)
  }

  /// A secret, given as `{ file: path }` or `{ env: NAME }`; nil when the key is absent or, after reporting, when the
  /// secret cannot be had. One line end at the end of a file is no part of the secret.
  public func secret(_ key: String) -> Secret? {
    guard let node = present(key) else { return nil }
    guard case .mapping = node.value else {
      fail(
        key, "a secret must not stand in the configuration itself", hint: "write { file: path } or { env: NAME }")
      return nil
    }
    let source = SettingsReader(node, path: path(of: key), issues: issues, environment: environment)
    let file = source.path("file")
    let name = source.optionalString("env")
    source.finish()
    switch (source.has("file"), source.has("env")) {
    case (true, false): return file.flatMap { source.secret(file: $0) }
    case (false, true): return name.flatMap { source.secret(variable: $0) }
    default:
      fail(key, "a secret needs one source", hint: "write either { file: path } or { env: NAME }")
      return nil
    }
  }

  private func secret(file: String) -> Secret? {
    do {
      if let secret = try Secret.read(file: file) { return secret }
      fail("file", "the secret's file \(file) is empty", hint: "put the secret into it")
    } catch {
      fail("file", "the secret's file \(file) \(error.reason)", hint: "name a readable file")
    }
    return nil
  }

  private func secret(variable name: String) -> Secret? {
    let value = environment.map { $0[name] } ?? ProcessInfo.processInfo.environment[name]
    if let value, !value.isEmpty { return Secret(Array(value.utf8)) }
    fail("env", "the environment variable \(name) is \(value == nil ? "not set" : "empty")", hint: "set it")
    return nil
  }
}
