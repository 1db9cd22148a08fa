/// What every call of the API understands, whatever it does.
public struct CallOptions: Hashable, Sendable {
  /// The domain to work in (`losantdomain`), such as `example.com`; rarely needed. `nil` sends no such field.
  /// Only visible ASCII characters; write other letters in their Punycode form.
  public var losantdomain: String?

  /// `_actions`: whether the answer lists what may be done with each thing. Off by default.
  public var actions: Bool

  /// `_links`: whether the answer names related things. On by default.
  public var links: Bool

  /// `_embedded`: whether the answer holds related things. On by default.
  public var embedded: Bool

  /// How long this call may take; `nil` for what the configuration says.
  public var timeout: Duration?

  /// Options of a call.
  public init(
    losantdomain: String? = nil, actions: Bool = false, links: Bool = true, embedded: Bool = true,
    timeout: Duration? = nil
  ) {
    self.losantdomain = losantdomain
    self.actions = actions
    self.links = links
    self.embedded = embedded
    self.timeout = timeout
  }
}
