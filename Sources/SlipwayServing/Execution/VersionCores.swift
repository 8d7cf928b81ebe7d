// SPDX-License-Identifier: Apache-2.0

/// One loaded version's way to the process's cores: as many for each call as its lanes' threads.
struct VersionCores: Sendable {
    let gate: CoreGate
    /// Who takes turns with the other versions.
    let owner: Int
    let perCall: Int

    func acquire(_ urgency: CoreUrgency, _ granted: @escaping @Sendable () -> Void) {
        gate.acquire(owner: owner, cores: perCall, urgency: urgency, granted)
    }

    /// What was asked for in the background is asked for like anything else from now on.
    func becomeUrgent() { gate.promote(owner: owner) }

    func release() { gate.release(cores: perCall) }
}
