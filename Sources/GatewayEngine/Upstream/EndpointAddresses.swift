import GatewayKit
import NIOCore
import NIOPosix

/// Where endpoints can be reached.
enum EndpointAddresses {
  static func resolve(_ configuration: GatewayConfiguration) async -> [[[SocketAddress]]] {
    var all: [[[SocketAddress]]] = []
    for upstream in configuration.upstreams {
      var addresses: [[SocketAddress]] = []
      for endpoint in upstream.endpoints {
        let found = try? await NIOThreadPool.singleton.runIfActive {
          try SocketAddress.makeAddressResolvingHost(endpoint.host, port: endpoint.port)
        }
        addresses.append(found.map { [$0] } ?? [])
      }
      all.append(addresses)
    }
    return all
  }
}
