import Foundation
import GatewayConfig
import GatewayKit
import Testing

private func load(_ folder: URL, environment: [String: String] = [:]) throws(ConfigurationError) -> GatewayConfiguration
{
  try ConfigurationLoader.load(path: folder.appending(path: "g.yaml").path, environment: environment)
}

private func mistakes(_ folder: URL) -> [ConfigurationIssue] {
  do {
    _ = try load(folder)
    return []
  } catch {
    return error.issues
  }
}

@Suite struct FilesTests {
  static let main = configuration([4: "domains_dir: domains.d"])

  @Test func domainsComeFromAFolderInTheOrderOfTheirNames() throws {
    try withFolder { folder in
      try folder.write(Self.main, to: "g.yaml")
      try folder.write("name: b.test\nupstream: api", to: "domains.d/2.yaml")
      try folder.write("name: ${NAME}\nupstream: api", to: "domains.d/1.yaml")
      try folder.write("not read", to: "domains.d/README.md")
      try folder.write("not read", to: "domains.d/.hidden.yaml")
      let loaded = try load(folder, environment: ["NAME": "A.test"])
      #expect(loaded.domains.map(\.name) == ["a.test", "b.test"])
      #expect(loaded.sources == ["g.yaml", "domains.d/1.yaml", "domains.d/2.yaml"].map { "\(folder.path)/\($0)" })
      #expect(loaded.domains[1].position.description == "\(folder.path)/domains.d/2.yaml:1:1")
    }
  }

  @Test func theMistakesOfAllFilesAreToldAtOnce() throws {
    try withFolder { folder in
      try folder.write(configuration([1: "version: 3", 4: "domains_dir: domains.d"]), to: "g.yaml")
      try folder.write("name: a.test\nupstream: apo", to: "domains.d/1.yaml")
      try folder.write("name: [", to: "domains.d/2.yaml")
      try folder.write("name: A.TEST\nupstream: api", to: "domains.d/3.yaml")
      try Data([0x6E, 0x0A, 0xFF]).write(to: folder.appending(path: "domains.d/4.yaml"))
      try folder.write("", to: "domains.d/5.yml")
      let found = mistakes(folder)
      let places = found.map { $0.position.map { "\($0.file.split(separator: "/").last ?? ""):\($0.line)" } }
      #expect(places == ["1.yaml:2", "2.yaml:2", "3.yaml:1", "4.yaml:2", "g.yaml:1", "g.yaml:4"], "\(found)")
      #expect(found[2].message.contains("taken, at \(folder.path)/domains.d/1.yaml:1:7"))
    }
  }

  @Test func pathsStartAtTheFolderOfTheirFile() throws {
    try withFolder { folder in
      try folder.write(Self.main + "catalogs: { c: c.json }", to: "g.yaml")
      try folder.write("{}", to: "c.json")
      try folder.write("name: a.test\nupstream: api\nuse: [p: { f: x }]", to: "domains.d/1.yaml")
      let loaded = try load(folder)
      #expect(loaded.catalogs == ["c": "\(folder.path)/c.json"])
      let settings = SettingsReader(loaded.domains[0].use[0].settings, path: "p", issues: IssueCollector())
      #expect(settings.path("f") == "\(folder.path)/domains.d/x")
    }
  }

  @Test func aFileThatCannotBeReadIsToldByName() throws {
    try withFolder { folder in
      #expect(mistakes(folder).map(\.message) == ["the file does not exist"])
      try folder.write("", to: "g.yaml/x")
      #expect(mistakes(folder).map(\.message) == ["the file is a folder, not a file"])
    }
  }

  @Test func anEmptyFolderGivesNoDomain() throws {
    try withFolder { folder in
      try folder.write(Self.main, to: "g.yaml")
      try folder.write("", to: "domains.d/.keep")
      #expect(mistakes(folder).map(\.message) == ["no domain is configured"])
    }
  }

  @Test func aTooLargeFileIsNotRead() throws {
    try withFolder { folder in
      try folder.write(String(repeating: "#", count: (16 << 20) + 1), to: "g.yaml")
      #expect(mistakes(folder).map(\.message) == ["the file is larger than 16MB"])
    }
  }
}
