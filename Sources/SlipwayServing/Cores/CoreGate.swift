// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where everything that computes gets its cores; see ``CoreLedger`` for who is next.
package final class CoreGate: Sendable {
    private typealias Waiter = @Sendable () -> Void

    private let ledger: Mutex<CoreLedger<Waiter>>

    package init(cores: Int) { ledger = Mutex(CoreLedger(cores: cores)) }

    /// Calls `granted` when `cores` are free: now on this thread, or later on the thread that releases them.
    ///
    /// `granted` must only hand the work over to another thread. Whoever got cores gives them back with
    /// ``release(cores:)``, with the number asked for.
    ///
    /// - Parameter owner: Who takes turns with others: a loaded version.
    package func acquire(
        owner: Int, cores: Int, urgency: CoreUrgency = .normal, _ granted: @escaping @Sendable () -> Void
    ) {
        let isFree = ledger.withLock {
            $0.request(owner, cores: cores, urgency: urgency, waiter: granted)
        }
        if isFree { granted() }
    }

    /// Gives cores back, and calls whoever is next.
    package func release(cores: Int) {
        let granted = ledger.withLock { $0.release(cores: cores) }
        for call in granted { call() }
    }

    /// Moves an owner's demands from the background to the others.
    package func promote(owner: Int) {
        let granted = ledger.withLock { $0.promote(owner) }
        for call in granted { call() }
    }

    package var snapshot: CoreSnapshot { ledger.withLock { $0.snapshot } }
}
