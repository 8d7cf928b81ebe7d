// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// All that is measured about one endpoint and version.
final class EndpointSeries: Sendable {
    let duration = LatencyHistogram()
    let queue = LatencyHistogram()
    let compute = LatencyHistogram()
    private let counters = Mutex(EndpointCounters())

    func record(_ observation: InferenceObservation, at now: Timestamp) {
        let nanoseconds = ObservedNanoseconds(observation)
        if case .success = observation.outcome {
            duration.record(nanoseconds: nanoseconds.total)
            if observation.batchSize > 0 {
                queue.record(nanoseconds: nanoseconds.queue)
                compute.record(nanoseconds: nanoseconds.compute)
            }
        }
        counters.withLock { $0.add(observation, nanoseconds: nanoseconds, at: now) }
    }

    func record(_ execution: ExecutionObservation) {
        counters.withLock { $0.add(execution) }
    }

    func read() -> EndpointCounters { counters.withLock { $0 } }
}
