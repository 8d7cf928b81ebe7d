// SPDX-License-Identifier: Apache-2.0

import CSlipwayLlama
import SlipwayEngine

/// Looks up the newest tokens of a sequence in what came before.
final class LlamaDrafter: TokenDrafter, @unchecked Sendable {
    // Unchecked: used by one thread at a time, as the protocol says.
    private let library: LlamaLibrary
    private let handle: OpaquePointer?
    private let mostTokens: Int

    init(keyLength: Int, mostTokens: Int, library: LlamaLibrary) {
        self.library = library
        self.mostTokens = max(1, min(mostTokens, 1024))
        handle = library.api.drafter_new(Int32(clamping: keyLength), Int32(self.mostTokens))
    }

    deinit { if let handle { library.api.drafter_free(handle) } }

    func feed(_ tokens: [TokenID]) {
        guard let handle else { return }
        library.api.drafter_feed(handle, tokens, tokens.count)
    }

    func propose() -> [TokenID] {
        guard let handle else { return [] }
        return [TokenID](unsafeUninitializedCapacity: mostTokens) { buffer, initialized in
            let count = library.api.drafter_propose(handle, buffer.baseAddress, Int32(buffer.count))
            initialized = max(0, min(Int(count), buffer.count))
        }
    }
}
