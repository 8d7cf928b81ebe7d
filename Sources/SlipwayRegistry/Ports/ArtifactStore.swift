// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Keeps blobs by the sha256 of their bytes.
///
/// Blobs never change. Called from any task; implementations keep blocking work off the cooperative pool.
/// Errors are ``RegistryError`` (`notFound`, `corrupt`, `storeFull`, `storeUnavailable`).
package protocol ArtifactStore: Sendable {
    /// Copies a file in: written under a temporary name, fsynced, then renamed, so that a blob is whole or not there.
    ///
    /// - Parameter progress: Called now and then with the bytes copied so far.
    func put(fileAt path: String, progress: @escaping @Sendable (Int) -> Void) async throws -> BlobInfo
    /// Lays the files of a bundle out in a folder of this machine and returns the folder's path.
    ///
    /// Every blob's bytes are hashed and compared with its address first: throws `corrupt` naming the blob.
    func checkOut(_ files: [BundleFile], bundle: Digest) async throws -> String
    /// Every blob there is.
    func blobs() async throws -> [BlobInfo]
    /// Re-hashes one blob; throws `corrupt` or `notFound`.
    func verify(_ digest: Digest) async throws
    /// Hands a blob's bytes on from `offset` to the end, at most a mebibyte at a time, as they are on disk.
    ///
    /// Nothing is compared: whoever takes the bytes compares their digest. Throws `notFound`, or what `body` throws.
    ///
    /// - Parameter offset: From 0 to the blob's size.
    func read(
        _ digest: Digest, from offset: Int, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws
    /// Removes a blob; does nothing when it is not there.
    func remove(_ digest: Digest) async throws
    /// Removes what interrupted writes and forgotten check-outs left behind; returns the bytes freed.
    func removeLeftovers(keeping bundles: Set<Digest>) async throws -> Int
    /// Keeps ``withExclusiveAccess(_:)`` of every process out while `body` puts blobs and registers them.
    func withSharedAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R
    /// Keeps every writer of every process out while `body` collects garbage.
    func withExclusiveAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R
}

/// A stored blob.
package struct BlobInfo: Sendable, Hashable {
    package let digest: Digest
    package let byteCount: Int

    package init(digest: Digest, byteCount: Int) {
        self.digest = digest
        self.byteCount = byteCount
    }
}
