extension OperationCatalog {
  /// A method and path template with its rule. An object, so that an exchange refers to it without copying anything.
  public final class Operation: Sendable {
    /// The operation's name, such as `userApiTokens.get`; unique in a catalogue.
    public let id: String
    /// The method, in upper case.
    public let method: String
    /// The path, such as `/me/tokens/{apiTokenId}`; together with the method it is unique, whatever the parameters'
    /// names.
    public let pathTemplate: String
    /// What stands before the path, where the document says so; the empty path otherwise. Each of these counts.
    public let basePaths: [String]
    /// The scopes that allow the operation; one of them is enough. Groups may stand here literally.
    public let scopes: [String]
    /// Further ways to be allowed: all scopes of one of these lists are enough. An empty list takes every verified token.
    public let alternatives: [[String]]
    /// Whether a token is needed at all.
    public let requiresToken: Bool
    /// Whether OAuth tokens are refused whatever their scopes.
    public let deniesOAuth: Bool
    /// Whether the catalogue says who may call the operation. Where it does not, a setting decides.
    public let statesSecurity: Bool
    /// Schemes that the document asks for and the gateway cannot verify, so that what needs them was left out.
    public let unverifiable: [String]
    /// Tags of its answers in caches, as bytes.
    package let tags: [[UInt8]]
    /// The tags whose answers it changes, as bytes.
    package let purges: [[UInt8]]

    /// An operation.
    public init(
      id: String, method: String, pathTemplate: String, basePaths: [String] = [""], scopes: [String],
      alternatives: [[String]] = [], requiresToken: Bool, deniesOAuth: Bool, statesSecurity: Bool = true,
      unverifiable: [String] = [], tags: [String] = [], purges: [String] = []
    ) {
      self.id = id
      self.method = method
      self.pathTemplate = pathTemplate
      self.basePaths = basePaths
      self.scopes = scopes
      self.alternatives = alternatives
      self.requiresToken = requiresToken
      self.deniesOAuth = deniesOAuth
      self.statesSecurity = statesSecurity
      self.unverifiable = unverifiable
      self.tags = tags.map { Array($0.utf8) }
      self.purges = purges.map { Array($0.utf8) }
    }

    /// Whether no token at all allows the operation.
    public var isDeniedToAll: Bool { statesSecurity && requiresToken && scopes.isEmpty && alternatives.isEmpty }
  }
}
