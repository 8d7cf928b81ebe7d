// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// What a file is, as its content tells.
public struct FormatDetection: Sendable, Hashable {
    public let format: ModelFormat
    /// One sentence for people: what the file is.
    public let summary: String
    /// What to do to have it served; `nil` when it can be imported as it is.
    public let advice: String?

    /// Whether this version imports the file as it is.
    public var isSupported: Bool { advice == nil }

    /// The sentence for people, with what to do where that is needed.
    public var message: String { advice.map { summary + " " + $0 } ?? summary }

    init(_ format: ModelFormat, _ summary: String, advice: String? = nil) {
        self.format = format
        self.summary = summary
        self.advice = advice
    }

    /// Throws `unsupported` with ``message`` unless ``isSupported``.
    public func requireSupported() throws(FormatError) {
        if !isSupported { throw FormatError(.unsupported, message) }
    }
}
