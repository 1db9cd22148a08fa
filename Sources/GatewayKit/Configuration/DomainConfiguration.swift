/// A plugin in a `use:` list with its settings.
package struct UseEntry: Sendable, Hashable {
  /// The plugin's id.
  package var plugin: String
  /// A mapping, or nothing; ``isOff`` when it is `off`.
  package var settings: ConfigNode
  package var position: SourcePosition
  /// Who says that it is used.
  package var scope = PluginScope.domain

  package init(plugin: String, settings: ConfigNode, position: SourcePosition) {
    self.plugin = plugin
    self.settings = settings
    self.position = position
  }

  /// `- name: off`: the plugin is not used here although the level above uses it.
  package var isOff: Bool {
    guard case .scalar(let text, quoted: false) = settings.value else { return false }
    return text == "off" || text == "false"
  }

  /// Plugin, settings, who says so, and the folder that relative paths in them start from; where else they stand does not
  /// count.
  package static func == (left: UseEntry, right: UseEntry) -> Bool {
    left.plugin == right.plugin && left.settings == right.settings && left.scope == right.scope
      && left.position.directory == right.position.directory
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(plugin)
    hasher.combine(settings)
    hasher.combine(scope)
  }
}

/// A tenant.
package struct DomainConfiguration: Sendable {
  /// A host name in lower case.
  package var name: String
  /// Further host names in lower case that mean this domain.
  package var hosts: [String]
  /// Where requests go that no route sends elsewhere.
  package var upstream: String?
  package var use: [UseEntry]
  /// Whether a client may turn an exchange into a WebSocket tunnel, where its route does not say.
  package var webSocket = true
  package var routes: [RouteConfiguration]
  package var position: SourcePosition

  package init(
    name: String, hosts: [String] = [], upstream: String? = nil, use: [UseEntry] = [],
    routes: [RouteConfiguration] = [], position: SourcePosition
  ) {
    self.name = name
    self.hosts = hosts
    self.upstream = upstream
    self.use = use
    self.routes = routes
    self.position = position
  }
}

/// A rule for some requests of a domain.
package struct RouteConfiguration: Sendable {
  /// The methods it is for; nil for all.
  package var methods: [String]?
  /// The path pattern, see ``PathPattern``.
  package var path: String
  /// Where its requests go; nil for the domain's upstream.
  package var upstream: String?
  /// Whether its responses are streams without an end to wait for, whatever their Content-Type says.
  package var isStream = false
  /// Whether a client may turn an exchange into a WebSocket tunnel; nil for what the domain says.
  package var webSocket: Bool?
  package var use: [UseEntry]
  package var position: SourcePosition

  package init(
    methods: [String]? = nil, path: String, upstream: String? = nil, use: [UseEntry] = [], position: SourcePosition
  ) {
    self.methods = methods
    self.path = path
    self.upstream = upstream
    self.use = use
    self.position = position
  }
}
