// SPDX-License-Identifier: Apache-2.0

/// Something in a pickle that is not what a model needs; it was read as data, and nothing ran.
public struct PickleFinding: Sendable, Hashable {
    /// How much it matters to whoever loads the file in Python.
    public enum Severity: String, Sendable, Hashable, Comparable, CaseIterable {
        /// Odd, and without harm by itself.
        case low
        /// A class or function that is not known to be harmless.
        case medium
        /// Loading the file would run commands, code of the file's choosing, or hide from a scanner.
        case high

        public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
        private var rank: Int { self == .low ? 0 : self == .medium ? 1 : 2 }
    }

    public let severity: Severity
    /// The class or function; `nil` for findings about the file's structure.
    public let name: PickleName?
    /// The opcode, as Python's pickletools names it.
    public let opcode: String
    /// Where the opcode lies in the stream, after decompression.
    public let offset: Int
    /// One sentence: what it is, or what loading it would have done.
    public let message: String
}
