import NIOCore

// What NIOSSL's handlers need of a channel. There is no socket: what concerns one is refused.

extension TLSChannel: Channel {
  var allocator: ByteBufferAllocator { ByteBufferAllocator() }
  var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
  var localAddress: SocketAddress? { nil }
  var parent: (any Channel)? { nil }
  var isWritable: Bool { true }
  var _channelCore: any ChannelCore { self }
  var syncOptions: (any NIOSynchronousChannelOptions)? { self }

  func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
    eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
  }

  func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
    eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
  }
}

extension TLSChannel: NIOSynchronousChannelOptions {
  func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws {
    throw ChannelError.operationUnsupported
  }

  /// A peer may end its direction and still be written to; bytes come as the owner brings them.
  func getOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
    if option is ChannelOptions.Types.AllowRemoteHalfClosureOption || option is ChannelOptions.Types.AutoReadOption,
      let yes = true as? Option.Value
    {
      return yes
    }
    throw ChannelError.operationUnsupported
  }
}

extension TLSChannel: ChannelCore {
  func localAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }

  func remoteAddress0() throws -> SocketAddress {
    guard let remoteAddress else { throw ChannelError.operationUnsupported }
    return remoteAddress
  }

  func register0(promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
  func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
  func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }

  func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
    // Without its handler the pipeline would pass plaintext.
    guard isSecured, isActive, let ciphertext = tryUnwrapData(data, as: ByteBuffer.self) else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    output(ciphertext)
    promise?.succeed(())
  }

  func flush0() { outputFlushed() }
  func read0() {}

  func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .all { closed() }
    promise?.succeed(())
  }

  func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }

  func channelRead0(_ data: NIOAny) {}
  func errorCaught0(error: any Error) { caught(error) }
}
