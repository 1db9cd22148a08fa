import CEpoll
import Glibc
package import NIOCore

/// A bound address. Every loop accepts from it by itself (``Acceptor``), so that a connection never changes its thread.
package struct ListeningSocket: Sendable {
  let descriptor: CInt
  /// Where it is bound; the port is the one that the system chose where 0 was asked for.
  package let address: SocketAddress

  /// How many connections may wait to be accepted.
  static let backlog = 4096

  /// Binds and listens.
  static func bind(_ address: SocketAddress) throws(SystemError) -> ListeningSocket {
    let descriptor = try Descriptor.openStream(address.protocol == .inet6 ? AF_INET6 : AF_INET)
    do {
      Descriptor.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
      // Connections inherit it.
      Descriptor.setNoDelay(descriptor)
      let bound = address.withSockAddr { Glibc.bind(descriptor, $0, socklen_t($1)) }
      _ = try SystemError.checkErrno(bound, "bind")
      _ = try SystemError.checkErrno(listen(descriptor, CInt(backlog)), "listen")
      return ListeningSocket(descriptor: descriptor, address: try local(descriptor))
    } catch {
      Descriptor.close(descriptor)
      throw error
    }
  }

  private static func local(_ descriptor: CInt) throws(SystemError) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutableBytes(of: &storage) { bytes in
      getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
    }
    _ = try SystemError.checkErrno(code, "getsockname")
    guard let address = storage.address else { throw SystemError(code: EAFNOSUPPORT, call: "getsockname") }
    return address
  }

  func close() { Descriptor.close(descriptor) }
}

extension sockaddr_storage {
  /// The address as NIO knows it; nil for families other than IPv4 and IPv6.
  var address: SocketAddress? {
    withUnsafeBytes(of: self) { bytes in
      switch CInt(ss_family) {
      case AF_INET: SocketAddress(bytes.loadUnaligned(as: sockaddr_in.self))
      case AF_INET6: SocketAddress(bytes.loadUnaligned(as: sockaddr_in6.self))
      default: nil
      }
    }
  }
}
