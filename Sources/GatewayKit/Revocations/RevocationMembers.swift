/// A revocation as JSON, in the admin interface and in the file: an object whose members are texts.
package struct RevocationMembers {
  /// Why a text is no revocation, and what would be right.
  package struct Problem: Error, Sendable, Equatable {
    package let message: String
  }

  /// Token ids and issuers are short; a token as a whole has a bound of its own.
  package static let longestName = 1024
  /// Notes are for people.
  package static let longestNote = 256

  private let members: [String: String]

  /// - Parameter known: the members that may be there.
  package init(_ json: some Collection<UInt8>, known: [String]) throws(Problem) {
    members = try TextObject.read(json)
    for name in members.keys.sorted() where !known.contains(name) {
      throw Problem(
        message: "unknown member \(Display.text(name, limit: 60)); known are \(known.joined(separator: ", "))")
    }
  }

  package subscript(name: String) -> String? { members[name] }

  /// The token that is meant.
  package func target() throws(Problem) -> TokenRevocation.Target {
    switch (members["id"], members["hash"]) {
    case (let id?, nil):
      try Self.check(id, "id", atMost: Self.longestName)
      if let issuer = members["issuer"] { try Self.check(issuer, "issuer", atMost: Self.longestName) }
      return .id(id, issuer: members["issuer"])
    case (nil, let hash?):
      if members["issuer"] != nil {
        throw Problem(message: "`issuer` goes with `id`; a hash names one token by itself")
      }
      guard let number = Fingerprint.number(of: hash) else {
        throw Problem(message: "`hash` is 16 hexadecimal digits: what the access log shows as `token`")
      }
      return .hash(number)
    case (nil, nil): throw Problem(message: "no token is named; give `id` or `hash`")
    case (_?, _?): throw Problem(message: "`id` and `hash` are both there; give one of them")
    }
  }

  package func note() throws(Problem) -> String? {
    guard let note = members["note"] else { return nil }
    try Self.check(note, "note", atMost: Self.longestNote)
    return note
  }

  /// A time such as `2030-01-01T00:00:00Z`, in seconds since 1970.
  package func time(_ name: String) throws(Problem) -> Int64? {
    guard let text = members[name] else { return nil }
    guard let seconds = CivilTime.seconds(of: text) else {
      throw Problem(message: "`\(name)` is no time; write it as 2030-01-01T00:00:00Z")
    }
    return seconds
  }

  private static func check(_ text: String, _ name: String, atMost limit: Int) throws(Problem) {
    guard text.isEmpty || text.utf8.count > limit else { return }
    throw Problem(message: text.isEmpty ? "`\(name)` is empty" : "`\(name)` is longer than \(limit) bytes")
  }
}

extension TokenRevocation.Target {
  package var members: [(String, String)] {
    switch self {
    case .id(let id, nil): [("id", id)]
    case .id(let id, let issuer?): [("id", id), ("issuer", issuer)]
    case .hash(let hash): [("hash", Fingerprint.text(of: hash))]
    }
  }
}

extension TokenRevocation {
  /// What the admin interface and the file show.
  package var members: [(String, String)] {
    var members = target.members
    if let note { members.append(("note", note)) }
    members.append(("since", CivilTime.text(of: since)))
    if let until { members.append(("until", CivilTime.text(of: until))) }
    return members
  }
}

extension Fingerprint {
  /// 64 bits as the log shows them.
  static func text(of number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// What ``shortText`` shows, as a number; nil when it is not 16 hexadecimal digits.
  static func number(of text: String) -> UInt64? {
    guard text.utf8.count == 16, text.utf8.allSatisfy({ "0123456789abcdefABCDEF".utf8.contains($0) }) else {
      return nil
    }
    return UInt64(text, radix: 16)
  }
}
