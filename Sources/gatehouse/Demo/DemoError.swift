/// Why the demo cannot run.
enum DemoError: Error, CustomStringConvertible {
  case noCatalog(looked: [String])
  case noPort

  var description: String {
    switch self {
    case .noCatalog(let looked):
      "the catalogue of operations is not found; set GATEHOUSE_SHARE to the folder that holds catalogs/losant.json "
        + "(looked for: \(looked.joined(separator: ", ")))"
    case .noPort: "no address was bound"
    }
  }
}
