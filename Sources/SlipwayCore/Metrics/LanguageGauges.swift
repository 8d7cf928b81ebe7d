// SPDX-License-Identifier: Apache-2.0

/// What one loaded language model holds at the moment, and what it has counted since its load.
public struct LanguageGauges: Sendable, Hashable {
    public let endpoint: String
    public let version: Int
    /// Sequences that are computed.
    public var running = 0
    /// Sequences that have not begun.
    public var waiting = 0
    /// Sequences whose state was put aside for others.
    public var parked = 0
    /// Prompt tokens of the sequences that wait.
    public var queuedTokens = 0
    /// Cells of the KV cache that running sequences hold.
    public var cellsUsed = 0
    /// Cells that only keep prefixes for later requests.
    public var cellsCached = 0
    public var cells = 0
    /// Kept prefixes that were dropped for room.
    public var evictions: UInt64 = 0
    /// How often a sequence was put aside, and brought back.
    public var parks: UInt64 = 0
    public var resumes: UInt64 = 0
    /// Requests that were not admitted, by a short fixed name of the reason: `requests`, `tokens`, `wait`.
    public var refusals: [String: UInt64] = [:]

    public init(endpoint: String, version: Int) {
        self.endpoint = endpoint
        self.version = version
    }
}
