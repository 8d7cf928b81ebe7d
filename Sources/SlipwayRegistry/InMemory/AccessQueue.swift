// SPDX-License-Identifier: Apache-2.0

/// Lets many share or one have it alone, in the order of asking.
actor AccessQueue {
    private struct Waiter {
        let isExclusive: Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private var sharers = 0
    private var isTaken = false
    private var waiters: [Waiter] = []

    func acquire(isExclusive: Bool) async {
        if waiters.isEmpty, admits(isExclusive: isExclusive) {
            take(isExclusive: isExclusive)
            return
        }
        // Whoever resumes the continuation has taken the place for it.
        await withCheckedContinuation { waiters.append(Waiter(isExclusive: isExclusive, continuation: $0)) }
    }

    func release(isExclusive: Bool) {
        if isExclusive { isTaken = false } else { sharers -= 1 }
        while let next = waiters.first, admits(isExclusive: next.isExclusive) {
            waiters.removeFirst()
            take(isExclusive: next.isExclusive)
            next.continuation.resume()
        }
    }

    private func admits(isExclusive: Bool) -> Bool { !isTaken && (!isExclusive || sharers == 0) }

    private func take(isExclusive: Bool) {
        if isExclusive { isTaken = true } else { sharers += 1 }
    }
}
