// SPDX-License-Identifier: Apache-2.0

/// What reading a GGUF file may take; beyond it the file is refused with `limitExceeded`.
public struct GGUFLimits: Sendable, Hashable {
    /// Bytes before the tensors' data: vocabularies of large models take tens of megabytes.
    public var headByteCount = 256 << 20
    public var metadataCount = 65_536
    public var tensorCount = 100_000
    /// Elements of one list of texts; each is looked at.
    public var textListCount = 8 << 20
    /// Bytes of one text that is kept, such as a chat template; longer ones are counted and skipped.
    public var textBytes = 1 << 20
    /// Bytes of all texts that are kept.
    public var keptBytes = 16 << 20
    /// Elements of a list of whole numbers or flags that are kept; longer ones are counted and skipped.
    public var keptNumbers = 4096
    /// Elements of a list of texts that are kept, where they have no more than 64 KiB together.
    public var keptTexts = 64
    /// Files of a split model.
    public var partCount = 1024

    public init() {}
}
