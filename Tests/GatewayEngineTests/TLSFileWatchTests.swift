import Foundation
import GatewayKit
import GatewayTesting
import Logging
import Testing

@testable import GatewayEngine

struct TLSFileWatchTests {
  let authority: TLSAuthority
  let log = LogLines()
  let files: TLSAuthority.Files
  let source: ReloadableTLS<ServerTLSMaterial>
  let watch: FileWatch

  init() throws {
    authority = try TLSAuthority()
    let files = try authority.issue("DNS:one.test", file: "current")
    self.files = files
    source = try ReloadableTLS(files: [files.certificate, files.key]) { try ServerTLSMaterial.of(files) }
    watch = FileWatch(interval: .seconds(5), logger: log.logger)
    watch.add(source)
  }

  private func replace(_ names: String) throws -> TLSAuthority.Files {
    let new = try authority.issue(names)
    for (from, to) in [(new.certificate, files.certificate), (new.key, files.key)] {
      try FileManager.default.removeItem(atPath: to)
      try FileManager.default.copyItem(atPath: from, toPath: to)
    }
    return new
  }

  @Test func changedFilesAreTakenWhenTheyHaveComeToRest() throws {
    let old = source.current
    watch.look()
    watch.look()
    #expect(source.current === old)
    _ = try replace("DNS:two.test")
    watch.look()
    #expect(source.current === old)
    watch.look()
    #expect(source.current.index(for: "two.test") == 0)
    // The old material still works for those who hold it.
    #expect(old.index(for: "one.test") == 0)
    let new = try #require(source.current.certificates.first)
    #expect(
      log.lines == [
        "info TLS files were read anew certificate=\(files.certificate) not_after=\(CertificateSummary.text(new.notAfter))"
          + " serial=\(new.serial)"
      ])
    watch.look()
    watch.look()
    #expect(log.lines.count == 1)
  }

  @Test func filesThatStillChangeAreLeftAlone() throws {
    let old = source.current
    for round in 0..<4 {
      _ = try replace("DNS:round\(round).test")
      watch.look()
      #expect(source.current === old)
    }
    watch.look()
    #expect(source.current.index(for: "round3.test") == 0)
  }

  @Test func brokenFilesAreToldOnceAndChangeNothing() throws {
    let old = source.current
    let other = try authority.issue("DNS:other.test")
    try FileManager.default.removeItem(atPath: files.key)
    try FileManager.default.copyItem(atPath: other.key, toPath: files.key)
    for _ in 0..<5 { watch.look() }
    #expect(source.current === old)
    #expect(log.lines.count == 1)
    #expect(log.lines.first?.hasPrefix("error changed TLS files cannot be used, the old ones stay in force") == true)
    #expect(log.lines.first?.contains("does not belong to the certificate") == true)
    try FileManager.default.removeItem(atPath: files.key)
    for _ in 0..<5 { watch.look() }
    #expect(log.lines.count == 2)
    #expect(log.lines.last?.contains("does not exist") == true)
    _ = try FileManager.default.copyItem(atPath: other.key, toPath: files.key)
    _ = try replace("DNS:mended.test")
    watch.look()
    watch.look()
    #expect(source.current.index(for: "mended.test") == 0)
  }

  @Test func theLoopLooksAtEveryInterval() async throws {
    let sleeps = ManualSleep()
    let watch = FileWatch(interval: .seconds(5), logger: log.logger, sleep: sleeps.sleep)
    watch.add(source)
    let running = Task { await watch.run() }
    #expect(await sleeps.next().duration == .seconds(5))
    _ = try replace("DNS:two.test")
    sleeps.wake(.seconds(5))
    _ = await sleeps.next()
    #expect(source.current.index(for: "two.test") == nil)
    sleeps.wake(.seconds(5))
    _ = await sleeps.next()
    #expect(source.current.index(for: "two.test") == 0)
    running.cancel()
    await running.value
  }
}
