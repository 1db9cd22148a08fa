extension Method {
  /// The method of this name; nil for a name that is none of the known ones. Methods are case-sensitive (RFC 9110 9.1).
  public init?(knownName name: String) {
    switch name {
    case "GET": self = .get
    case "HEAD": self = .head
    case "POST": self = .post
    case "PUT": self = .put
    case "PATCH": self = .patch
    case "DELETE": self = .delete
    case "OPTIONS": self = .options
    default: return nil
    }
  }
}
