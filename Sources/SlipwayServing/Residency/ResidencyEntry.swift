// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What an endpoint's owner says about its model's place in memory.
package struct ResidencyPolicy: Sendable, Hashable {
    /// Not evicted for others' sake.
    package var isPinned: Bool
    /// Unloaded after so long without a request; `nil` for never.
    package var idleAfter: Duration?

    package init(isPinned: Bool = false, idleAfter: Duration? = nil) {
        self.isPinned = isPinned
        self.idleAfter = idleAfter
    }

    package init(_ spec: LifecycleSpec) {
        isPinned = spec.isPinned ?? false
        // A century is never, and far from overflowing.
        idleAfter = spec.idleUnloadSeconds.flatMap { $0.isNaN ? nil : .seconds(min(max($0, 0), 3.2e9)) }
    }
}

/// One model's place in memory.
struct ResidencyEntry: Sendable {
    enum State: Sendable {
        case loading, resident
        /// On its way out; its bytes count until it is gone.
        case evicting
    }

    var state = State.loading
    /// As estimated while it loads, then as measured.
    var bytes: Int
    var lastUse: ContinuousClock.Instant
    /// Requests that use it now.
    var uses = 0
    var policy: ResidencyPolicy
    /// In the order of loading.
    let serial: Int

    init(bytes: Int, lastUse: ContinuousClock.Instant, serial: Int, policy: ResidencyPolicy) {
        self.serial = serial
        self.bytes = bytes
        self.lastUse = lastUse
        self.policy = policy
    }

    var isEvictable: Bool { state == .resident && uses == 0 && !policy.isPinned }

    /// When it is to be unloaded for want of requests.
    var idleAt: ContinuousClock.Instant? {
        guard state == .resident, uses == 0, let idleAfter = policy.idleAfter else { return nil }
        return lastUse + idleAfter
    }
}
