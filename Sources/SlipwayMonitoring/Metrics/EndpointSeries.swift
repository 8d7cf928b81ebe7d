// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// All that is measured about one endpoint and version.
final class EndpointSeries: Sendable {
    let duration = LatencyHistogram()
    let queue = LatencyHistogram()
    let compute = LatencyHistogram()
    let exemplars = ExemplarSlots(bounds: MetricCatalogue.durationBounds)
    private let counters = Mutex(EndpointCounters())
    private let language = Mutex(Language())

    func record(_ observation: InferenceObservation, at now: Timestamp) {
        let nanoseconds = ObservedNanoseconds(observation)
        if case .success = observation.outcome {
            duration.record(nanoseconds: nanoseconds.total)
            if let trace = observation.trace, trace.isSampled {
                exemplars.note(trace, nanoseconds: nanoseconds.total, at: now)
            }
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

    func record(_ observation: GenerationObservation) {
        language.withLock { $0.value.add(observation) }
    }

    func record(_ observation: StepObservation) {
        language.withLock { $0.value.add(observation) }
    }

    func read() -> EndpointCounters { counters.withLock { $0 } }

    func readLanguage() -> LanguageCounters? { language.withLock { $0.made } }

    /// Made when the first token is counted: most endpoints never generate.
    private struct Language {
        var made: LanguageCounters?

        var value: LanguageCounters {
            get { made ?? LanguageCounters() }
            _modify {
                var counters = made.take() ?? LanguageCounters()
                defer { made = counters }
                yield &counters
            }
        }
    }
}
