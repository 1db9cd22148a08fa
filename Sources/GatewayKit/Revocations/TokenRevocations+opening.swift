package import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Where the list comes from when the gateway starts.
extension TokenRevocations {
  /// The list that a configuration asks for. Takes the file for as long as the list lives: another gateway cannot have it.
  package static func open(
    _ configuration: RevocationsConfiguration, clock: any GatewayClock, logger: Logger
  ) throws(ConfigurationError) -> TokenRevocations {
    guard let file = configuration.file else { return TokenRevocations(clock: clock, most: configuration.most) }
    let path = POSIXFile.resolved(file)
    do throws(RevocationLog.Problem) {
      let descriptor = try locked(path)
      do throws(RevocationLog.Problem) {
        let log = try contents(descriptor, most: configuration.most, clock: clock)
        if log.cutBytes > 0 { note(log, path, logger) }
        let isBehind = ftruncate(descriptor, off_t(log.length)) != 0 || log.wantsLineEnd
        let kept = RevocationFile(
          path: path, descriptor: descriptor, lines: log.lines, length: log.length, isBehind: isBehind)
        return TokenRevocations(clock: clock, most: configuration.most, table: log.table, file: kept)
      } catch {
        close(descriptor)
        throw error
      }
    } catch {
      throw mistake(error, path, configuration)
    }
  }

  /// Whether ``open(_:clock:logger:)`` would do, as far as can be told without taking or changing anything.
  package static func check(
    _ configuration: RevocationsConfiguration, clock: any GatewayClock
  ) throws(ConfigurationError) {
    guard let file = configuration.file else { return }
    let path = POSIXFile.resolved(file)
    let folder = SourcePosition(file: path, line: 0, column: 0).directory
    guard access(folder, W_OK | X_OK) == 0 else {
      let message = "is in a folder that cannot be written to: \(POSIXFile.lastError)"
      throw mistake(RevocationLog.Problem(line: 0, message: message), path, configuration)
    }
    _ = try read(configuration, clock: clock)
  }

  /// The list as the file has it now; an empty one without a file. Nothing is taken or changed, so that a gateway may be
  /// running on the file.
  package static func read(
    _ configuration: RevocationsConfiguration, clock: any GatewayClock
  ) throws(ConfigurationError) -> TokenRevocations {
    let empty = TokenRevocations(clock: clock, most: configuration.most)
    guard let file = configuration.file else { return empty }
    let path = POSIXFile.resolved(file)
    do throws(RevocationLog.Problem) {
      let descriptor = POSIXFile.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 || errno != ENOENT else { return empty }
      guard descriptor >= 0 else {
        throw RevocationLog.Problem(line: 0, message: "cannot be opened: \(POSIXFile.lastError)")
      }
      defer { close(descriptor) }
      let log = try contents(descriptor, most: configuration.most, clock: clock)
      return TokenRevocations(clock: clock, most: configuration.most, table: log.table, file: nil)
    } catch {
      throw mistake(error, path, configuration)
    }
  }

  private static func contents(
    _ descriptor: CInt, most: Int, clock: any GatewayClock
  ) throws(RevocationLog.Problem) -> RevocationLog {
    guard POSIXFile.isRegular(descriptor) else {
      throw RevocationLog.Problem(line: 0, message: "is not a regular file")
    }
    var log = try RevocationLog(reading: descriptor)
    log.drop(at: clock.wall() / 1_000_000_000)
    guard log.table.count <= most else {
      throw RevocationLog.Problem(
        line: 0, message: "holds \(log.table.count) revocations; raise revocations.most, which is \(most)")
    }
    return log
  }

  /// The file, made if need be, once it is this process's alone.
  private static func locked(_ path: String) throws(RevocationLog.Problem) -> CInt {
    // The file may be replaced by its holder between the two calls: then it is another's.
    for _ in 0..<3 {
      let descriptor = POSIXFile.open(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else {
        throw RevocationLog.Problem(line: 0, message: "cannot be opened: \(POSIXFile.lastError)")
      }
      let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
      if isLocked, POSIXFile.isSame(path, descriptor), POSIXFile.syncFolder(of: path) { return descriptor }
      let reason = POSIXFile.lastError
      close(descriptor)
      if !isLocked {
        throw RevocationLog.Problem(line: 0, message: "is another gateway's: it cannot be locked (\(reason))")
      }
    }
    throw RevocationLog.Problem(line: 0, message: "cannot be made to last: \(POSIXFile.lastError)")
  }

  private static func note(_ log: RevocationLog, _ path: String, _ logger: Logger) {
    logger.warning(
      "the last line of the revocations was cut and is dropped; it was never confirmed",
      metadata: ["file": "\(path)", "line": "\(log.lines + 1)", "bytes": "\(log.cutBytes)"])
  }

  private static func mistake(
    _ problem: RevocationLog.Problem, _ path: String, _ configuration: RevocationsConfiguration
  ) -> ConfigurationError {
    let isLine = problem.line > 0
    let issue = ConfigurationIssue(
      position: isLine ? SourcePosition(file: path, line: problem.line, column: 1) : configuration.position,
      path: "revocations.file", message: isLine ? problem.message : "\(path) \(problem.message)",
      hint: isLine ? "mend the line or take it out" : "name a file that this gateway alone can write")
    return ConfigurationError(issues: [issue])
  }
}
