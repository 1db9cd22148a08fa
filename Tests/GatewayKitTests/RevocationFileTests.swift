import Foundation
import GatewayTesting
import Logging
import Testing

@testable import GatewayKit

/// A folder with a file of revocations, gone when the test has ended.
private final class Folder {
  let path = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
    .appending(path: "revocations-\(UUID().uuidString)").path
  let clock = TestClock()

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  var file: String { "\(path)/revoked.jsonl" }

  func configuration(most: Int = 100_000) -> RevocationsConfiguration {
    var configuration = RevocationsConfiguration()
    configuration.file = file
    configuration.most = most
    configuration.position = SourcePosition(file: "g.yaml", line: 3, column: 9)
    return configuration
  }

  func open(most: Int = 100_000) throws(ConfigurationError) -> TokenRevocations {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    return try TokenRevocations.open(configuration(most: most), clock: clock, logger: logger)
  }

  func write(_ bytes: some Sequence<UInt8>) throws { try Data(bytes).write(to: URL(filePath: file)) }
  func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file))) }

  var lines: [String] {
    get throws { String(decoding: try bytes(), as: UTF8.self).split(separator: "\n").map(String.init) }
  }
}

@Suite struct RevocationFileTests {
  private let revoke = "{\"op\":\"revoke\",\"id\":\"a\",\"since\":\"2026-01-01T00:00:00Z\"}\n"

  @Test func keepsWhatIsRevokedAndRestored() throws {
    let folder = try Folder()
    let expected: [TokenRevocation]
    do {
      let list = try folder.open()
      #expect(list.path == folder.file && list.version == 0)
      _ = try list.revoke(TokenRevocation(.id("a\n\"ä", issuer: "i"), note: "n \u{1F600}\t"))
      folder.clock.advance(by: .seconds(1))
      _ = try list.revoke(TokenRevocation(.hash(0xAB), until: folder.clock.wall() / 1_000_000_000 + 100))
      _ = try list.revoke(TokenRevocation(.id("gone", issuer: nil)))
      _ = try list.restore(.id("gone", issuer: nil))
      expected = list.list
      #expect(expected.count == 2)
    }
    let mode = try FileManager.default.attributesOfItem(atPath: folder.file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try folder.lines.count == 4)
    do {
      let list = try folder.open()
      #expect(list.list == expected && list.version > 0)
      #expect(list.isRevoked(identity("x", hash: 0xAB)) && !list.isRevoked(identity("gone")))
    }
    folder.clock.advance(by: .seconds(100))
    #expect(try folder.open().list == [expected[0]])
  }

  /// What explains a configuration reads the file of a running gateway.
  @Test func isReadWhileAGatewayHoldsIt() throws {
    let folder = try Folder()
    #expect(try TokenRevocations.read(folder.configuration(), clock: folder.clock).list.isEmpty)
    let held = try folder.open()
    _ = try held.revoke(TokenRevocation(.id("a", issuer: nil)))
    let before = try folder.bytes()
    let list = try TokenRevocations.read(folder.configuration(), clock: folder.clock)
    #expect(list.list == held.list && list.path == nil)
    #expect(try folder.bytes() == before)
    try folder.write("x\n".utf8)
    #expect(throws: ConfigurationError.self) {
      try TokenRevocations.read(folder.configuration(), clock: folder.clock)
    }
  }

  /// A crash may cut the last line anywhere. What was confirmed before stays, and the file goes on.
  @Test func takesAFileThatWasCut() throws {
    let folder = try Folder()
    let second = revoke.replacing("\"a\"", with: "\"b\"")
    for length in 0..<second.utf8.count {
      try folder.write(Array((revoke + second).utf8.prefix(revoke.utf8.count + length)))
      let isWhole = length == second.utf8.count - 1
      let ids: [TokenRevocation.Target] = [.id("a", issuer: nil)] + (isWhole ? [.id("b", issuer: nil)] : [])
      do {
        let list = try folder.open()
        #expect(list.list.map(\.target) == ids, "\(length)")
        _ = try list.revoke(TokenRevocation(.hash(1)))
      }
      #expect(try folder.open().list.map(\.target) == ids + [.hash(1)], "\(length)")
    }
  }

  @Test(arguments: [
    ("x\n", 2, "object"), ("\n", 2, "object"), ("{}\n", 2, "no token"), ("{\"op\":\"revoke\"}\n", 2, "no token"),
    ("{\"op\":\"revoke\",\"id\":\"b\"}\n", 2, "`since` is missing"),
    ("{\"op\":\"forget\",\"id\":\"b\"}\n", 2, "neither revoke nor restore"),
    ("{\"op\":\"revoke\",\"id\":\"b\",\"since\":\"x\"}\n", 2, "2030-01-01"),
    ("{\"op\":\"restore\",\"id\":\"a\"}\n{\"id\":\"b\",\"why\":\"c\"}\n", 3, "unknown member why"),
    (String(repeating: "x", count: 100_000), 2, "too long"),
  ])
  func refusesAnotherFile(_ text: String, _ line: Int, _ reason: String) throws {
    let folder = try Folder()
    try folder.write(Array((revoke + text).utf8))
    let before = try folder.bytes()
    for attempt in [
      { _ = try folder.open() }, { try TokenRevocations.check(folder.configuration(), clock: folder.clock) },
    ] {
      let error = #expect(throws: ConfigurationError.self) { try attempt() }
      let issue = try #require(error?.issues.first)
      #expect(issue.position == SourcePosition(file: folder.file, line: line, column: 1))
      #expect(issue.message.contains(reason) && issue.hint != nil, "\(issue)")
    }
    #expect(try folder.bytes() == before)
  }

  @Test func isShortenedWhenItHasGrown() throws {
    let folder = try Folder()
    do {
      let list = try folder.open()
      _ = try list.revoke(TokenRevocation(.id("stays", issuer: nil), note: "kept"))
      for _ in 0..<600 {
        _ = try list.revoke(TokenRevocation(.hash(1)))
        _ = try list.restore(.hash(1))
      }
      #expect(try folder.lines.count < 1010)
      // The lock went along with the new file.
      #expect(throws: ConfigurationError.self) { try folder.open() }
      _ = try list.revoke(TokenRevocation(.hash(2)))
    }
    #expect(try folder.open().list.map(\.target) == [.hash(2), .id("stays", issuer: nil)])
    let mode = try FileManager.default.attributesOfItem(atPath: folder.file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["revoked.jsonl"])
  }

  @Test func isOneGatewaysAlone() throws {
    let folder = try Folder()
    do {
      let list = try folder.open()
      let error = #expect(throws: ConfigurationError.self) { try folder.open() }
      let issue = try #require(error?.issues.first)
      #expect(issue.message.contains("another gateway's") && issue.position?.line == 3)
      try TokenRevocations.check(folder.configuration(), clock: folder.clock)
      _ = try list.revoke(TokenRevocation(.hash(1)))
    }
    #expect(try folder.open().list.count == 1)
  }

  @Test func aCheckMakesAndChangesNothing() throws {
    let folder = try Folder()
    try TokenRevocations.check(folder.configuration(), clock: folder.clock)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    try folder.write(Array((revoke + "{\"op").utf8))
    let before = try folder.bytes()
    try TokenRevocations.check(folder.configuration(), clock: folder.clock)
    #expect(try folder.bytes() == before)
    var elsewhere = folder.configuration()
    for (path, reason) in [("\(folder.path)/none/x", "folder"), (folder.path, "regular file")] {
      elsewhere.file = path
      let error = #expect(throws: ConfigurationError.self) {
        try TokenRevocations.check(elsewhere, clock: folder.clock)
      }
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
  }

  @Test func tooManyAreNotDropped() throws {
    let folder = try Folder()
    try folder.write(Array((revoke + revoke.replacing("\"a\"", with: "\"b\"")).utf8))
    let error = #expect(throws: ConfigurationError.self) { try folder.open(most: 1) }
    #expect(error?.description.contains("holds 2 revocations; raise revocations.most, which is 1") == true)
    #expect(try folder.open(most: 2).list.count == 2)
  }

  @Test func changesOfManyAtOnceAreAllKept() async throws {
    let folder = try Folder()
    do {
      let list = try folder.open()
      await withTaskGroup { tasks in
        for task in UInt64(0)..<8 {
          tasks.addTask {
            for index in UInt64(0)..<50 { _ = try? list.revoke(TokenRevocation(.hash(task << 32 | index))) }
          }
        }
      }
      #expect(list.list.count == 400)
    }
    #expect(try folder.open().list.count == 400)
  }

  /// A disk that is full: in place of the file stands a device that says so.
  @Test func tellsWhenNothingIsKept() throws {
    let folder = try Folder()
    do {
      let list = try folder.open()
      _ = try list.revoke(TokenRevocation(.hash(1)))
      try fill(folder.file)
      let full = RevocationFailure.notKept(path: folder.file, reason: "No space left on device")
      #expect(throws: full) { try list.revoke(TokenRevocation(.hash(2))) }
      #expect(list.isRevoked(identity("a", hash: 2)), "it holds all the same")
      // The next change writes the whole list into a new file, unless that cannot be made either.
      let new = "\(folder.file).new"
      try FileManager.default.createDirectory(atPath: "\(new)/x", withIntermediateDirectories: true)
      #expect(throws: RevocationFailure.self) { try list.restore(.hash(1)) }
      #expect(list.isRevoked(identity("a", hash: 1)), "what could not be taken back stays")
      try FileManager.default.removeItem(atPath: new)
      _ = try list.revoke(TokenRevocation(.hash(2)))
      #expect(try folder.lines.count == 2)
      _ = try list.restore(.hash(1))
    }
    #expect(try folder.open().list.map(\.target) == [.hash(2)])
  }

  private func fill(_ file: String) throws {
    let device = open("/dev/full", O_WRONLY)
    #expect(device >= 0)
    defer { close(device) }
    let links = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
    let held = links.filter {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == file
    }
    #expect(held.count == 1)
    for descriptor in held { #expect(dup2(device, descriptor) == descriptor) }
  }
}
