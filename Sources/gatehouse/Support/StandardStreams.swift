import Foundation

/// Where everything goes that is not the answer to the command.
enum StandardError {
  static func write(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}

/// Where answers go that a reader must have at once, whatever standard output is connected to.
enum StandardOutput {
  static func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
