// SPDX-License-Identifier: Apache-2.0

/// What listing a PyTorch file may take.
public struct TorchLimits: Sendable, Hashable {
    /// Values that are looked at; shared ones count wherever they are met.
    public var valueCount = 4 << 20
    public var tensorCount = 1_000_000
    /// Modules and dictionaries inside one another.
    public var depth = 128
    /// Bytes of one file of TorchScript code, or of the description of an exported program.
    public var textByteCount = 256 << 20
    public var pickle = PickleLimits()

    public init() {}
}
