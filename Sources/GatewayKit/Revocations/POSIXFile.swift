#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Calls of the system on files, begun again when a signal came between.
enum POSIXFile {
  static var lastError: String { String(cString: strerror(errno)) }

  /// Opens a file; one that is made is its owner's alone.
  static func open(_ path: String, _ flags: CInt) -> CInt {
    #if canImport(Glibc)
      Glibc.open(path, flags, 0o600)
    #elseif canImport(Musl)
      Musl.open(path, flags, 0o600)
    #else
      Darwin.open(path, flags, 0o600)
    #endif
  }

  /// The number of bytes read; less than 0 when that failed.
  static func read(_ descriptor: CInt, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = readv(descriptor, [iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)], 1)
      if count >= 0 || errno != EINTR { return count }
    }
  }

  /// Whether all bytes were written.
  static func writeAll(_ descriptor: CInt, _ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = write(descriptor, rest.baseAddress, rest.count)
        if count > 0 {
          rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        } else if count == 0 || errno != EINTR {
          return false
        }
      }
      return true
    }
  }

  /// Makes what was made, renamed or removed in the folder of a file outlast a crash.
  static func syncFolder(of path: String) -> Bool {
    let folder = SourcePosition(file: path, line: 0, column: 0).directory
    let descriptor = Self.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }

  /// The path without symbolic links in it; the path itself where there is no such file yet.
  static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// Whether a path still means the file that was opened.
  static func isSame(_ path: String, _ descriptor: CInt) -> Bool {
    var named = stat()
    var opened = stat()
    guard stat(path, &named) == 0, fstat(descriptor, &opened) == 0 else { return false }
    return named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
  }

  static func isRegular(_ descriptor: CInt) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}
