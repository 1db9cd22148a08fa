/// A page of metrics, written family by family.
struct Page {
  private(set) var text = ""

  mutating func counter(_ name: String, _ help: String, _ value: some BinaryInteger) {
    family(name, help, "counter")
    sample(name, "", value)
  }

  mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
    family(name, help, "gauge")
    sample(name, "", value)
  }

  mutating func family(_ name: String, _ help: String, _ type: String) {
    let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ labels: String, _ value: some BinaryInteger) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }
}
