// SPDX-License-Identifier: Apache-2.0

/// Decides what happens next to one version on this replica.
///
/// Owns no task, engine or clock: steps are done by a shell that reports how they ended. A version
/// that is retired while a step runs is unloaded when the step ends, never in the middle of it.
package struct VersionLifecycle: Sendable, Equatable {
    /// Work that brings a version to readiness, in order.
    package enum Step: String, Sendable, Equatable, CaseIterable {
        case resolve, fetch, verify, load, warmUp = "warm-up"

        var next: Step? {
            let all = Step.allCases
            return all.firstIndex(of: self).flatMap { $0 + 1 < all.count ? all[$0 + 1] : nil }
        }
    }

    package enum State: Sendable, Equatable {
        case new
        case preparing(Step)
        case ready
        /// Serves what it has accepted and accepts nothing more.
        case draining
        case unloading
        case unloaded
        case failed(Step, message: String)

        /// As status shows it.
        package var name: String {
            switch self {
            case .new: "new"
            case .preparing(.resolve): "resolving"
            case .preparing(.fetch): "fetching"
            case .preparing(.verify): "verifying"
            case .preparing(.load): "loading"
            case .preparing(.warmUp): "warming-up"
            case .ready: "ready"
            case .draining: "draining"
            case .unloading: "unloading"
            case .unloaded: "unloaded"
            case .failed: "failed"
            }
        }
    }

    package enum Action: Sendable, Equatable {
        case perform(Step)
        /// Let requests in.
        case publish
        /// Let no more requests in and report when the last lease is back.
        case drain
        /// Free the engine's memory and report when done.
        case unload
        case none
    }

    package private(set) var state: State = .new
    private var isRetired = false

    package init() {}

    package mutating func start() -> Action {
        guard state == .new else { return .none }
        state = .preparing(.resolve)
        return .perform(.resolve)
    }

    package mutating func succeeded(_ step: Step) -> Action {
        guard state == .preparing(step) else { return .none }
        if isRetired { return unload() }
        if let next = step.next {
            state = .preparing(next)
            return .perform(next)
        }
        state = .ready
        return .publish
    }

    /// A failed step ends the version; what it holds is freed by the shell with the last reference.
    package mutating func failed(_ step: Step, message: String) -> Action {
        guard state == .preparing(step) else { return .none }
        state = .failed(step, message: message)
        return .none
    }

    /// The version is no longer wanted.
    package mutating func retire() -> Action {
        isRetired = true
        switch state {
        case .new:
            state = .unloaded
            return .none
        case .ready:
            state = .draining
            return .drain
        case .preparing, .draining, .unloading, .unloaded, .failed:
            return .none
        }
    }

    /// The last lease is back.
    package mutating func drained() -> Action {
        guard state == .draining else { return .none }
        return unload()
    }

    package mutating func unloadFinished() -> Action {
        guard state == .unloading else { return .none }
        state = .unloaded
        return .none
    }

    private mutating func unload() -> Action {
        state = .unloading
        return .unload
    }
}
