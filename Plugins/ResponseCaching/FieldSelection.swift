import GatewayKit
import HTTPWire

/// Some field names, and what a request says under them: for the fields of the key and for those that `Vary` names.
struct FieldSelection: Sendable, Equatable {
  private enum Name: Sendable, Equatable {
    case known(FieldID)
    /// In lower case.
    case other(String)
  }

  private var names: [Name] = []

  var isEmpty: Bool { names.isEmpty }
  var count: Int { names.count }

  /// What the names take on the heap.
  var heapBytes: Int {
    guard !names.isEmpty else { return 0 }
    return names.reduce(HeapBytes.of(32 + names.capacity * MemoryLayout<Name>.stride)) { sum, name in
      guard case .other(let text) = name, text.utf8.count > 15 else { return sum }
      return sum + HeapBytes.of(32 + text.utf8.count)
    }
  }

  init() {}

  init(_ names: [String]) {
    for var name in names { name.withUTF8 { add(UnsafeRawBufferPointer($0)) } }
  }

  /// Adds a name once.
  mutating func add(_ name: UnsafeRawBufferPointer) {
    let id = FieldID(name: name)
    let added: Name = id == .other ? .other(String(decoding: name, as: UTF8.self).lowercased()) : .known(id)
    if !names.contains(added) { names.append(added) }
  }

  /// Whether one of these known names is selected.
  func contains(anyOf ids: FieldIDSet) -> Bool {
    names.contains { name in
      if case .known(let id) = name { ids.contains(id) } else { false }
    }
  }

  /// Whether one of the names can be read as one of these.
  func contains(anyOf letters: [FieldNameLetters]) -> Bool {
    if letters.isEmpty { return false }
    return texts.contains { FieldNameLetters($0).map(letters.contains) ?? false }
  }

  /// The names, in lower case where they are not of the known ones.
  var texts: [String] {
    names.map { name in
      switch name {
      case .known(let id): id.name.description
      case .other(let text): text
      }
    }
  }

  /// Whether the block's field at that index has one of the names.
  func selects(_ index: Int, of block: FieldBlock) -> Bool {
    names.contains { name in
      switch name {
      case .known(let id): block.fields[index].id == id
      case .other(let text): Self.isNamed(text, index, of: block)
      }
    }
  }

  /// The names of both.
  func union(_ other: FieldSelection) -> FieldSelection {
    var both = self
    for name in other.names where !both.names.contains(name) { both.names.append(name) }
    return both
  }

  /// Writes, for every name, how many fields there are and each value after its length, or a form that stands for them.
  func writeValues(of block: FieldBlock, into out: inout KeyBytes) {
    for name in names {
      if name == .known(.acceptEncoding), block.first(.acceptEncoding) != nil, let form = AcceptEncoding(block) {
        form.write(into: &out)
        continue
      }
      if name == .other(AcceptLanguage.name), AcceptLanguage.write(block, into: &out) { continue }
      let place = out.appendCount()
      var count = 0
      switch name {
      case .known(let id):
        guard block.present.contains(id) else { continue }
        for index in block.fields.indices where block.fields[index].id == id && !block.fields[index].isRemoved {
          block.withValue(index) { out.append(part: $0) }
          count += 1
        }
      case .other(let text):
        for index in block.fields.indices where Self.isNamed(text, index, of: block) {
          block.withValue(index) { out.append(part: $0) }
          count += 1
        }
      }
      out.setCount(count, at: place)
    }
  }

  static func isNamed(_ text: String, _ index: Int, of block: FieldBlock) -> Bool {
    let field = block.fields[index]
    guard field.id == .other, !field.isRemoved, Int(field.nameLength) == text.utf8.count else { return false }
    return block.withName(index) { OctetClass.equalIgnoringCase($0, text.utf8) }
  }
}
