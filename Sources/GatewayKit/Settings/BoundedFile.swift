#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads whole small files: configuration, secrets, catalogues.
package enum BoundedFile {
  /// Why a file was not read, as the end of a sentence that begins with its name.
  package struct Failure: Error, Sendable, Equatable {
    package let reason: String
  }

  /// The content of a regular file of at most `limit` bytes.
  package static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    if let reason = problem(path) { throw Failure(reason: reason) }
    guard let file = fopen(path, "rb") else { throw Failure(reason: lastProblem()) }
    defer { fclose(file) }
    return try readAll(file, limit: limit)
  }

  /// Why the file could not be read, as the end of a sentence that begins with its name; nil when it could.
  package static func problem(_ path: String) -> String? {
    // A pipe or device could block the load or never end.
    var status = stat()
    guard stat(path, &status) == 0, access(path, R_OK) == 0 else { return lastProblem() }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: return "is a folder, not a file"
    default: return "is not a regular file"
    }
  }

  private static func readAll(_ file: UnsafeMutablePointer<FILE>, limit: Int) throws(Failure) -> [UInt8] {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      content += chunk.prefix(count)
      if content.count > limit { throw tooLarge(limit) }
      if count < chunk.count {
        if ferror(file) != 0 { throw Failure(reason: lastProblem()) }
        return content
      }
    }
  }

  private static func tooLarge(_ limit: Int) -> Failure {
    Failure(reason: "is larger than \(ValueParser.describe(bytes: limit))")
  }

  private static func lastProblem() -> String {
    switch errno {
    case ENOENT, ENOTDIR: "does not exist"
    case EACCES, EPERM: "may not be read by this user"
    case EISDIR: "is a folder, not a file"
    case let code: "cannot be read: \(String(cString: strerror(code)))"
    }
  }
}
