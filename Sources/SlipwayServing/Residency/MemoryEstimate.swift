// SPDX-License-Identifier: Apache-2.0

/// How much memory a load will take: an estimate, made before anything is loaded.
package struct MemoryEstimate: Sendable, Hashable {
    package let bytes: Int

    package init(bytes: Int) { self.bytes = max(0, bytes) }

    /// Twice the files, for an engine that reads them and rearranges a copy of the weights for its kernels, as ONNX
    /// Runtime does, and 8 MiB for the session.
    package init(fileBytes: Int) {
        // 2^61 bytes are beyond any machine and can be added to.
        bytes = 2 * min(max(0, fileBytes), 1 << 61) + (8 << 20)
    }
}
