// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// An endpoint's answers that may be given again, where the endpoint wants that.
package final class AnswerCache: Sendable {
    private let cache = Mutex<ResponseCache?>(nil)

    /// `nil` while there is no cache.
    package var statistics: ResponseCache.Statistics? { cache.withLock { $0?.statistics } }

    /// Keeps at most so many bytes from now on; `nil` for none. What was kept is forgotten when the size changes.
    func resize(to bytes: Int?) {
        cache.withLock { cache in
            guard cache?.maximumBytes != bytes else { return }
            cache = bytes.map { ResponseCache(maximumBytes: $0) }
        }
    }

    /// The key of a request; `nil` while there is no cache.
    func key(_ request: InferenceRequest, of version: LoadedVersion) -> ResponseCache.Key? {
        cache.withLock { $0 == nil } ? nil : ResponseCache.Key(request, version)
    }

    /// What the version answered to the same inputs before.
    func find(_ key: ResponseCache.Key) -> NamedTensors? { cache.withLock { $0?.find(key) } }

    func keep(_ outputs: NamedTensors, for key: ResponseCache.Key) {
        guard let bytes = cache.withLock({ $0?.maximumEntryBytes }),
            let entry = ResponseCache.Entry(outputs, for: key, maximumBytes: bytes)
        else { return }
        cache.withLock { $0?.insert(entry) }
    }
}

extension ResponseCache.Key {
    fileprivate init(_ request: InferenceRequest, _ version: LoadedVersion) {
        self.init(
            version: version.resolved.digest, inputs: request.inputs, requestedOutputs: request.requestedOutputs)
    }
}
