// SPDX-License-Identifier: Apache-2.0

/// Who sent a request, as far as routing, quotas and fair sharing must know.
public struct Caller: Sendable {
    /// The API key's id, or else the network address; empty for calls from within.
    public var identity: String
    /// A header's value, by its name in lower case.
    public var header: @Sendable (String) -> String?

    public init(identity: String = "", header: @escaping @Sendable (String) -> String? = { _ in nil }) {
        self.identity = identity
        self.header = header
    }
}
