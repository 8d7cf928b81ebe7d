// SPDX-License-Identifier: Apache-2.0

/// What the header of a safetensors file may ask of its reader.
public struct SafetensorsLimits: Sendable, Hashable {
    /// Bytes of the header, as the format itself limits them.
    public var headerByteCount = 100_000_000
    public var tensorCount = 1_000_000
    /// Bytes of one name or one text.
    public var textByteCount = 16 << 20
    public var rank = 64

    public init() {}
}
