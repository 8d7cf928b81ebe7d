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
    /// Weights lie beside the pickle, so it is small; memory for this much is taken even to tell what a file is.
    public var pickle = PickleLimits(
        byteCount: 512 << 20, nodeCount: 1 << 23, memoCount: 1 << 23, textByteCount: 128 << 20)

    public init() {}
}
