import Glibc

/// A call of the system failed.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  package let code: CInt
  /// What was called.
  package let call: String

  init(code: CInt, call: String) {
    self.code = code
    self.call = call
  }

  /// What the system says of it.
  package var text: String { String(cString: strerror(code)) }

  /// What would help where connections or files cannot be had.
  package var hint: String {
    switch code {
    case EMFILE: "raise the limit of the process's open files (ulimit -n, LimitNOFILE) or lower limits.connections"
    case ENFILE: "raise the system's limit of open files (sysctl fs.file-max)"
    case ENOBUFS, ENOMEM: "give the system more memory or lower limits.connections"
    default: "look at the listener's address and interface"
    }
  }

  package var description: String { "\(call): \(text)" }

  /// The result of a call that gives the negative error number when it fails.
  static func check(_ result: CInt, _ call: String) throws(SystemError) -> CInt {
    if result < 0 { throw SystemError(code: -result, call: call) }
    return result
  }

  /// The result of a call that gives -1 and sets the error number when it fails.
  static func checkErrno(_ result: CInt, _ call: String) throws(SystemError) -> CInt {
    if result < 0 { throw SystemError(code: errno, call: call) }
    return result
  }
}

/// Descriptors of sockets.
enum Descriptor {
  /// A new stream socket that does not block.
  static func openStream(_ family: CInt) throws(SystemError) -> CInt {
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    return try SystemError.checkErrno(socket(family, type, 0), "socket")
  }

  static func close(_ descriptor: CInt) {
    _ = Glibc.close(descriptor)
  }

  static func set(_ descriptor: CInt, _ level: CInt, _ option: CInt, _ value: CInt) {
    var value = value
    _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
  }

  /// The error that a socket holds; 0 for none.
  static func pendingError(_ descriptor: CInt) -> CInt {
    var code: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
  }

  /// Sends what is written at once instead of collecting it.
  static func setNoDelay(_ descriptor: CInt) { set(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, 1) }

  /// Makes the next close a reset.
  static func setReset(_ descriptor: CInt) {
    var value = linger(l_onoff: 1, l_linger: 0)
    _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
  }
}
