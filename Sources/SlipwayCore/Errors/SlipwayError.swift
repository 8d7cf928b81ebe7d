// SPDX-License-Identifier: Apache-2.0

/// The one shape of every error in the house.
///
/// Each target has one conforming struct with a `Code` around a private enum.
/// The ``message`` says what went wrong and how to remedy it, and holds no request data.
/// The ``category`` decides the status a caller sees; the table is in SlipwayWire.
public protocol SlipwayError: Error, CustomStringConvertible {
    associatedtype Code: Hashable & Sendable & CustomStringConvertible
    var code: Code { get }
    var category: ErrorCategory { get }
    var message: String { get }
    /// The error underneath, when there is one.
    var cause: (any Error)? { get }
    /// Where it happened, for logs: a tensor's name, a file's offset, a line of a document.
    var location: String? { get }
}

extension SlipwayError {
    public var cause: (any Error)? { nil }
    public var location: String? { nil }
    public var description: String {
        var text = message
        if let location { text += " (at \(location))" }
        if let cause { text += ": \(cause)" }
        return text
    }
}
