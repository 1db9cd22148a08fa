extension FieldBlock {
  /// Marks every field of these names removed; nothing is looked at when none is there.
  public mutating func remove(_ ids: FieldIDSet) {
    guard !present.intersection(ids).isEmpty else { return }
    for index in fields.indices where ids.contains(fields[index].id) { remove(at: index) }
  }
}
