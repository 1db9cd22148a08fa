#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A change of the list of revocations: a line of its file.
enum RevocationChange {
  case revoke(TokenRevocation)
  case restore(TokenRevocation.Target)

  var line: String {
    switch self {
    case .revoke(let revocation): TextObject.render([("op", "revoke")] + revocation.members) + "\n"
    case .restore(let target): TextObject.render([("op", "restore")] + target.members) + "\n"
    }
  }
}

extension RevocationChange {
  private static let known = ["op", "id", "issuer", "hash", "note", "since", "until"]

  init(line: ArraySlice<UInt8>) throws(RevocationMembers.Problem) {
    let members = try RevocationMembers(line, known: Self.known)
    let target = try members.target()
    switch members["op"] {
    case "restore": self = .restore(target)
    case "revoke":
      var revocation = TokenRevocation(target, note: try members.note(), until: try members.time("until"))
      guard let since = try members.time("since") else {
        throw RevocationMembers.Problem(message: "`since` is missing")
      }
      revocation.since = since
      self = .revoke(revocation)
    default: throw RevocationMembers.Problem(message: "`op` is neither revoke nor restore")
    }
  }
}

/// What the lines of a file of revocations come to.
struct RevocationLog {
  /// No line of ours is longer; what is longer is another file.
  static let longestLine = 32 << 10

  /// A file that cannot be taken: the line, 0 for none, and why.
  struct Problem: Error {
    let line: Int
    let message: String
  }

  private(set) var table: [TokenRevocation.Target: TokenRevocation] = [:]
  private(set) var lines = 0
  /// The bytes of whole lines. What is behind them is the rest of a line that a crash has cut.
  private(set) var length = 0
  private(set) var cutBytes = 0
  /// The last line is whole but for its end.
  private(set) var wantsLineEnd = false

  /// Reads a file from where it stands.
  init(reading descriptor: CInt) throws(Problem) {
    var pending: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = chunk.withUnsafeMutableBytes { POSIXFile.read(descriptor, $0) }
      guard count >= 0 else { throw Problem(line: 0, message: "cannot be read: \(POSIXFile.lastError)") }
      if count == 0 { break }
      pending += chunk.prefix(count)
      try takeLines(&pending)
    }
    takeRest(pending)
  }

  private mutating func takeLines(_ pending: inout [UInt8]) throws(Problem) {
    var start = 0
    while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
      do throws(RevocationMembers.Problem) {
        apply(try RevocationChange(line: pending[start..<end]))
      } catch {
        throw Problem(line: lines + 1, message: error.message)
      }
      lines += 1
      length += end + 1 - start
      start = end + 1
    }
    pending.removeFirst(start)
    guard pending.count <= Self.longestLine else { throw Problem(line: lines + 1, message: "the line is too long") }
  }

  /// A line without its end was never confirmed; it counts if it is whole, for rather a token too many is refused.
  private mutating func takeRest(_ rest: [UInt8]) {
    guard !rest.isEmpty else { return }
    guard let change = try? RevocationChange(line: rest[...]) else {
      cutBytes = rest.count
      return
    }
    apply(change)
    lines += 1
    length += rest.count
    wantsLineEnd = true
  }

  private mutating func apply(_ change: RevocationChange) {
    switch change {
    case .revoke(let revocation): table[revocation.target] = revocation
    case .restore(let target): table[target] = nil
    }
  }

  /// Forgets what is over.
  mutating func drop(at seconds: Int64) { table = table.filter { !$0.value.isOver(at: seconds) } }
}
