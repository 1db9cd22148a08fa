/// Why a key or a key set cannot be used, as the end of a sentence. It never holds key material.
struct KeyProblem: Error, Equatable, CustomStringConvertible {
  let message: String

  /// What an operator reads when the gateway does not start.
  var description: String { "authentication has no keys: \(message)" }

  init(_ message: String) { self.message = message }
}
