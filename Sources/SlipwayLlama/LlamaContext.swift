// SPDX-License-Identifier: Apache-2.0

import CSlipwayLlama
import SlipwayEngine

/// A llama.cpp context, and the way to stop what it computes. Whoever still holds it keeps the context alive.
final class LlamaContext: DecodeStopper, @unchecked Sendable {
    // Unchecked: the two functions called here only set a flag; everything else is the session's, on one thread.
    let handle: OpaquePointer
    let model: LlamaModel

    init(handle: OpaquePointer, model: LlamaModel) {
        self.handle = handle
        self.model = model
    }

    deinit { model.library.api.session_free(handle) }

    func stop() { model.library.api.abort(handle) }
    func reset() { model.library.api.clear_abort(handle) }
}
