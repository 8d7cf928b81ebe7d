// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import SlipwayCore

/// One request as a handler sees it.
package struct HTTPCall: Sendable {
    let head: HTTPRequest
    let parameters: [(name: String, value: String)]
    let queryText: Substring
    let requestID: String
    let receivedAt: ContinuousClock.Instant
    /// Set when the connection closes before the answer.
    let cancellation: CancellationFlag
    let caller: Caller
    /// Where the caller follows its request across services; `nil` when it does not.
    let trace: TraceContext?
    let bodyStream: RequestBody
    let bodyLimit: Int

    var headers: HTTPFields { head.headerFields }

    /// A parameter of the path, decoded; empty when the route has none of that name.
    subscript(name: String) -> String { parameters.first { $0.name == name }?.value ?? "" }

    /// A parameter of the query, decoded; `nil` when it is absent.
    func query(_ name: String) -> String? {
        QueryText(queryText)[name]
    }

    /// A query parameter that must be a whole number when it is there.
    func integerQuery(_ name: String) throws(ServerError) -> Int? {
        guard let text = query(name) else { return nil }
        guard let value = Int(text) else {
            throw ServerError(.badParameter, "query parameter '\(name)' is not a whole number")
        }
        return value
    }

    /// The version in the path; `nil` when the route has none.
    ///
    /// - Throws: ``ServerError`` `notFound` for anything but digits: no such route.
    func version() throws(ServerError) -> Int? {
        let text = self["version"]
        guard !text.isEmpty else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
            throw ServerError(.notFound, "Not Found")
        }
        return number
    }
}
