/// Why a key or a key set cannot be used, as the end of a sentence. It never holds key material.
struct KeyProblem: Error, Equatable {
  let message: String

  init(_ message: String) { self.message = message }
}
