// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// The newest traced request of each bucket of a histogram.
///
/// Only requests whose trace is wanted come here, one short lock each; nothing is kept before the first.
final class ExemplarSlots: Sendable {
    private let bounds: [Duration]
    private let slots = Mutex<[Exemplar?]>([])

    init(bounds: [Duration]) { self.bounds = bounds }

    func note(_ trace: TraceLink, nanoseconds: UInt64, at now: Timestamp) {
        let exemplar = Exemplar(trace: trace, value: Double(nanoseconds) / 1e9, at: now)
        let bucket = bounds.firstIndex { nanoseconds <= $0.clampedNanoseconds } ?? bounds.count
        slots.withLock { slots in
            if slots.isEmpty { slots = [Exemplar?](repeating: nil, count: bounds.count + 1) }
            slots[bucket] = exemplar
        }
    }

    var all: [Exemplar] { slots.withLock { $0.compactMap(\.self) } }
}
