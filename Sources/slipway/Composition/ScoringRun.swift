// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayControl
import SlipwayCore
import Synchronization
import UnixSignals

/// Scores a data set until it is done, or until the process is told to end.
struct ScoringRun {
    private let job: OfflineScoring.Job

    init(_ job: OfflineScoring.Job) { self.job = job }

    /// Runs with a model that is closed afterwards.
    func run(_ model: any ScoringModel) async throws -> ScoreReport.Outcome {
        let stop = StopSignals()
        // Installed before the work begins, so that no signal finds the default in place.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let watch = Task { for await signal in signals { stop.receive(signal.rawValue) } }
        defer { watch.cancel() }
        let bar = ProgressBar("scoring")
        let started = ContinuousClock.now
        do {
            let report = try await OfflineScoring(model: model, job: job).run(stop: stop.flag) { bar.show($0) }
            bar.finish()
            await model.close()
            return ScoreReport.Outcome(report: report, signal: stop.received, duration: .now - started)
        } catch {
            bar.finish()
            await model.close()
            throw error
        }
    }
}

/// Ctrl-C and SIGTERM as a flag; the second ends the process at once, which loses nothing that was saved.
private final class StopSignals: Sendable {
    let flag = CancellationFlag()
    private let state = Mutex<Int32?>(nil)

    /// The first signal that came.
    var received: Int32? { state.withLock { $0 } }

    func receive(_ number: Int32) {
        let isFirst = state.withLock { state in
            defer { state = state ?? number }
            return state == nil
        }
        guard isFirst else { exit(128 + number) }
        flag.cancel()
    }
}
