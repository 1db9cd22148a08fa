import GatewayKit

extension ConfigurationBuilder {
  /// Plugins of one list; every exchange passes all of them.
  private static let mostPlugins = 64

  /// The `use:` list of a section. Each item is `- name` or `- name: {settings}`.
  func readUse(_ section: SettingsReader) -> [UseEntry] {
    guard let node = section.node("use") else { return [] }
    let path = section.path(of: "use")
    switch node.value {
    case .null:
      reportNothing(section, "use")
      return []
    case .sequence(let items) where items.count > Self.mostPlugins:
      report(node.position, path, "more than \(Self.mostPlugins) plugins", hint: "leave some out")
      return []
    case .sequence(let items):
      var entries: [UseEntry] = []
      for (index, item) in items.enumerated() {
        guard let entry = useEntry(item, path: "\(path)[\(index)]") else { continue }
        if let other = entries.first(where: { $0.plugin == entry.plugin }) {
          report(
            entry.position, "\(path)[\(index)]",
            "`\(entry.plugin)` is used twice, first at line \(other.position.line)",
            hint: "keep one of them")
        }
        entries.append(entry)
      }
      return entries
    case .mapping, .scalar:
      report(node.position, path, "expected a list of plugins, found \(node.kind)", hint: "begin each plugin with `- `")
      return []
    }
  }

  private func useEntry(_ item: ConfigNode, path: String) -> UseEntry? {
    let entry: UseEntry
    switch item.value {
    case .scalar(let name, _):
      entry = UseEntry(plugin: name, settings: ConfigNode(.null, position: item.position), position: item.position)
    case .mapping(let pairs) where pairs.count == 1:
      entry = UseEntry(plugin: pairs[0].key, settings: pairs[0].value, position: pairs[0].keyPosition)
    case .mapping(let pairs):
      let first = pairs.first.map { "`\($0.key.prefix(60))`" } ?? "the plugin"
      report(
        item.position, path, "expected one plugin, found \(pairs.count) keys",
        hint: "indent the settings of \(first) below it, and begin each plugin with `- `")
      return nil
    case .sequence, .null:
      report(item.position, path, "expected a plugin, found \(item.kind)", hint: "write `- name` or `- name: {...}`")
      return nil
    }
    return checked(entry, path: path) ? entry : nil
  }

  private func checked(_ entry: UseEntry, path: String) -> Bool {
    guard isPluginID(entry.plugin) else {
      report(
        entry.position, path, "\(quote(entry.plugin, nil)) is no name of a plugin",
        hint: "write lower-case letters, digits and hyphens, as in rate-limit")
      return false
    }
    switch entry.settings.value {
    case .mapping, .null: return true
    case .scalar where entry.isOff: return true
    case .scalar, .sequence:
      report(
        entry.settings.position, "\(path).\(entry.plugin)",
        "expected the settings of the plugin, found \(entry.settings.kind)",
        hint: "write `key: value` lines, nothing, or `off`")
      return false
    }
  }

  /// `off` must have something to switch off, and the floor is not to be switched off.
  func checkOff(_ entries: [UseEntry], path: String, above: Set<String>) {
    for entry in entries where entry.isOff {
      if floorPlugins.contains(entry.plugin) {
        report(
          entry.position, path, "`\(entry.plugin)` stays: the floor uses it",
          hint: "take this line out; what the floor sets can be tightened, never dropped")
      } else if !above.contains(entry.plugin) {
        report(
          entry.position, path, "`\(entry.plugin): off` has nothing to switch off",
          hint: "leave it out; no level above uses the plugin")
      }
    }
  }

  private func isPluginID(_ text: String) -> Bool {
    guard (1...64).contains(text.utf8.count), let first = text.utf8.first else { return false }
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    return letters.contains(first)
      && text.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "-") }
  }
}
