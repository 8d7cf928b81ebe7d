// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Inputs of recent requests, to run the next version on before it answers anybody.
package struct RecordedInputs: Sendable {
    /// One request in so many is looked at, the first one included.
    package static let interval: UInt64 = 64

    private let maximumSamples: Int
    private let maximumBytes: Int
    private var offers: UInt64 = 0
    /// Oldest first.
    private var kept: [NamedTensors] = []
    /// Of all that is kept.
    private var byteCount = 0

    package init(maximumSamples: Int = 8, maximumBytes: Int = 1 << 20) {
        self.maximumSamples = maximumSamples
        self.maximumBytes = maximumBytes
    }

    /// Keeps a copy of one request in ``interval``; the oldest make room for it. Larger ones than all may be are not
    /// kept.
    package mutating func offer(_ inputs: NamedTensors) {
        defer { offers &+= 1 }
        guard offers.isMultiple(of: Self.interval), maximumSamples > 0 else { return }
        let size = inputs.byteCount
        guard size <= maximumBytes else { return }
        while let oldest = kept.first, kept.count >= maximumSamples || byteCount + size > maximumBytes {
            byteCount -= oldest.byteCount
            kept.removeFirst()
        }
        kept.append(inputs.copied())
        byteCount += size
    }

    /// What was kept and a model of `signature` accepts, oldest first.
    package func samples(fitting signature: ModelSignature) -> [NamedTensors] {
        kept.filter { inputs in
            do throws(SignatureError) {
                try signature.check(inputs)
                return true
            } catch {
                return false
            }
        }
    }
}
