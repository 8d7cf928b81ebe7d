// SPDX-License-Identifier: Apache-2.0

/// What scanning one file may take.
public struct ScanLimits: Sendable, Hashable {
    /// Of one pickle: values and texts decide about memory, a few hundred megabytes at most.
    public var pickle: PickleLimits
    /// Pickles one after another in one stream.
    public var stackedPickles: Int
    /// Members of all archives in the file together.
    public var members: Int
    /// Archives inside archives, and pickles inside pickles.
    public var depth: Int
    /// Bytes that are looked at whatever the file's size, and more for each byte of it: what is packed in a file can be
    /// as large as it likes, and lie in it many times.
    public var freeByteCount: Int
    public var ratio: Int
    /// Findings that are kept.
    public var findings: Int

    public init() {
        pickle = PickleLimits(nodeCount: 1 << 24, memoCount: 1 << 24, textByteCount: 512 << 20)
        stackedPickles = 1000
        members = 100_000
        depth = 8
        freeByteCount = 512 << 20
        ratio = 64
        findings = 1000
    }
}
