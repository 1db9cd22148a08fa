extension GatewayConfiguration {
  /// The plugins of a route in order: the floor's, then the defaults with the entries of the domain and of the route
  /// in their place, then what only domain and route name. `off` removes a default and never touches the floor, so a
  /// plugin of the floor that a domain uses too is listed twice: once with each settings, the floor's first.
  ///
  /// - Parameters:
  ///   - domain: nil for requests whose domain is not known.
  ///   - route: nil for what no route matches.
  package func effectiveUse(domain: DomainConfiguration?, route: RouteConfiguration?) -> [UseEntry] {
    var merged = defaults
    for entry in (domain?.use ?? []) + (route?.use ?? []) {
      if let index = merged.firstIndex(where: { $0.plugin == entry.plugin }) {
        merged[index] = entry
      } else {
        merged.append(entry)
      }
    }
    return floor + merged.filter { !$0.isOff }
  }
}
