import GatewayKit

extension ConfigurationBuilder {
  /// The domains of the main file and of the files in `domains_dir`.
  mutating func readDomains(_ reader: SettingsReader) -> [DomainConfiguration] {
    let before = issues.issues.count
    var domains: [DomainConfiguration] = []
    for section in reader.mappings("domains") { domains.append(readDomain(section)) }
    if let folder = reader.path("domains_dir") {
      for file in domainFiles(in: folder, reader) {
        sources.append(file)
        guard let root = ConfigurationLoader.readFile(file, environment: environment, issues: issues) else { continue }
        domains.append(readDomain(SettingsReader(root, path: "", issues: issues, environment: environment)))
      }
    }
    if domains.isEmpty, issues.issues.count == before {
      reader.fail(
        reader.has("domains") ? "domains" : nil, "no domain is configured",
        hint: "write `domains: [{ name: example.com, upstream: ... }]` or name a folder with domains_dir")
    }
    return domains
  }

  private mutating func readDomain(_ section: SettingsReader) -> DomainConfiguration {
    var domain = DomainConfiguration(name: "", position: section.position)
    domain.name = readName(section)
    domain.hosts = readHosts(section)
    domain.upstream = readUpstreamName(section)
    domain.webSocket = section.bool("websocket", default: domain.webSocket)
    domain.use = readUse(section)
    checkOff(domain.use, path: section.path(of: "use"), above: defaultPlugins)
    let used = defaultPlugins.union(domain.use.lazy.filter { !$0.isOff }.map(\.plugin))
    var seen: [String: SourcePosition] = [:]
    domain.routes = section.mappings("routes").compactMap { route in
      defer { route.finish() }
      return readRoute(
        route, domain: domain, domainHasUpstream: section.has("upstream"), above: used, seen: &seen)
    }
    if domain.upstream == nil, !section.has("upstream"), domain.routes.isEmpty {
      section.fail("upstream", "is missing", hint: "name one of the upstreams: \(upstreamList)")
    }
    section.finish()
    return domain
  }

  private mutating func readName(_ section: SettingsReader) -> String {
    let text = section.requiredString("name")
    guard !text.isEmpty else { return "" }
    return hostName(text, section.node("name"), path: section.path(of: "name")) ?? ""
  }

  private mutating func readHosts(_ section: SettingsReader) -> [String] {
    var hosts: [String] = []
    for (text, node, path) in section.stringNodes("hosts") ?? [] {
      if let host = hostName(text, node, path: path) { hosts.append(host) }
    }
    return hosts
  }

  /// A host name that is nobody else's; nil after reporting.
  private mutating func hostName(_ text: String, _ node: ConfigNode?, path: String) -> String? {
    guard let node else { return nil }
    guard let name = HostName.normalize(text) else {
      report(
        node.position, path, "\(quote(text, node)) is no host name",
        hint: "write letters, digits, hyphens and dots, at most 253, without port, blank and closing dot")
      return nil
    }
    if let other = domainNames[name] {
      report(
        node.position, path, "\(quote(name, node)) is taken, at \(other)",
        hint: "each name and host means one domain; a domain's name needs no line under hosts")
      return nil
    }
    domainNames[name] = node.position
    return name
  }

  private func readUpstreamName(_ section: SettingsReader) -> String? {
    guard let name = section.optionalString("upstream") else {
      if section.has("upstream"), isEmptyList(section.node("upstream")) {
        section.fail("upstream", "is empty", hint: "name one of the upstreams: \(upstreamList)")
      }
      return nil
    }
    guard upstreamNames.contains(name) else {
      var hint = "known upstreams: \(upstreamList)"
      if let nearest = Suggestion.nearest(to: name, among: upstreamNames.sorted()) {
        hint = "did you mean `\(nearest)`? \(hint)"
      }
      section.fail("upstream", "there is no upstream \(quote(name, section.node("upstream")))", hint: hint)
      return nil
    }
    return name
  }

  private var upstreamList: String {
    let names = upstreamNames.sorted()
    if names.isEmpty { return "none is configured" }
    return names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", ..." : "")
  }

  private func readRoute(
    _ section: SettingsReader, domain: DomainConfiguration, domainHasUpstream: Bool, above: Set<String>,
    seen: inout [String: SourcePosition]
  ) -> RouteConfiguration? {
    let upstream = readUpstreamName(section)
    if upstream == nil, !section.has("upstream"), !domainHasUpstream {
      section.fail("upstream", "neither the route nor its domain has one", hint: "name one: \(upstreamList)")
    }
    let use = readUse(section)
    checkOff(use, path: section.path(of: "use"), above: above)
    let isStream = section.bool("stream", default: false)
    let webSocket = section.optionalBool("websocket")
    guard let match = section.mapping("match") else {
      section.fail("match", "is missing", hint: "write `match: { method: GET, path: /me/tokens }`")
      return nil
    }
    defer { match.finish() }
    let methods = readMethods(match)
    let path = match.requiredString("path")
    guard !path.isEmpty else { return nil }
    do {
      let shape = try PathPattern(path).shape
      checkUnique(methods, shape: shape, match, seen: &seen)
    } catch {
      match.fail("path", "\(quote(path, match.node("path"))): \(error.message)", hint: error.hint)
    }
    var route = RouteConfiguration(
      methods: methods, path: path, upstream: upstream, use: use, position: section.position)
    route.isStream = isStream
    route.webSocket = webSocket
    return route
  }

  /// nil for all methods.
  private func readMethods(_ match: SettingsReader) -> [String]? {
    guard let items = match.stringNodes("method") else { return nil }
    if items.isEmpty, isEmptyList(match.node("method")) {
      match.fail("method", "names no method", hint: "write GET, a list of methods, or leave the key out for all")
    }
    if items.count == 1, items[0].text == "*" { return nil }
    var methods: [String] = []
    for (text, node, path) in items {
      let isToken = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
      if !isToken || text.utf8.count > 32 {
        report(
          node.position, path, "\(quote(text, node)) is no method",
          hint: "methods are upper-case letters, such as GET, POST, PATCH, DELETE")
      } else if methods.contains(text) {
        report(node.position, path, "`\(text)` stands here twice", hint: "name it once")
      } else {
        methods.append(text)
      }
    }
    return methods
  }

  private func checkUnique(
    _ methods: [String]?, shape: String, _ match: SettingsReader, seen: inout [String: SourcePosition]
  ) {
    let position = match.node("path")?.position ?? match.position
    for method in methods ?? ["*"] {
      // A method has no blank in it, so the key is unambiguous.
      if let other = seen.updateValue(position, forKey: "\(method) \(shape)") {
        let name = method == "*" ? "all methods" : method
        match.fail(
          "path", "two routes for \(name) \(shape), the other at \(other)", hint: "join them, or change one of them")
      }
    }
  }
}
