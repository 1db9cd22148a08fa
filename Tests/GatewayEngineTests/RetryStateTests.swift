import HTTPWire
import NIOCore
import Testing

@testable import GatewayEngine

@Suite struct RetryStateTests {
  @Test func holdsContentUpToItsBoundAndOnlyWhileItIsNeeded() {
    var state = RetryState()
    state.begin(.put, bound: 8)
    state.hold(ByteBuffer(string: "12345678"))
    #expect(state.isRepeatable)
    #expect(state.held == ByteBuffer(string: "12345678"))
    state.letGo()
    #expect(state.held.storageCapacity == 0)

    state.begin(.put, bound: 8)
    state.hold(ByteBuffer(string: "12345678"))
    state.hold(ByteBuffer(string: "9"))
    #expect(!state.isRepeatable)
    #expect(state.held.storageCapacity == 0)
  }
}
