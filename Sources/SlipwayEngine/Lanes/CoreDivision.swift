// SPDX-License-Identifier: Apache-2.0

/// How a ``CoreBudget`` is shared out to event loops, lanes and the threads inside one call.
///
/// Lanes × threads per call never exceeds the budget unless both are asked for. Event loops come on top: they
/// sleep while engines compute, and taking a whole core from the engines for them costs more than sharing one.
package struct CoreDivision: Sendable, Hashable {
    /// Threads that read and write sockets.
    package let eventLoops: Int
    /// Calls of one model that run at the same time.
    package let lanes: Int
    /// Threads inside one call, the lane's own included.
    package let threadsPerCall: Int

    /// More event loops than this do not help: each serves tens of thousands of requests a second.
    static let mostEventLoops = 8

    /// Divides `budget`.
    ///
    /// With neither asked for, each core is a lane and a call stays on its lane: that has the highest throughput,
    /// for nothing is handed from thread to thread. Fewer lanes leave each call the cores that remain.
    ///
    /// - Parameters:
    ///   - lanes: Asked for by the user; `nil` to choose. Below 1 counts as 1.
    ///   - threadsPerCall: Asked for by the user; `nil` to choose. Held between 1 and the budget.
    package init(of budget: CoreBudget, lanes: Int? = nil, threadsPerCall: Int? = nil) {
        let cores = budget.cores
        let threads = threadsPerCall.map { min(max(1, $0), cores) }
        eventLoops = min(cores, max(1, cores <= 2 ? cores : cores / 2), Self.mostEventLoops)
        self.lanes = lanes.map { max(1, $0) } ?? cores / (threads ?? 1)
        self.threadsPerCall = threads ?? max(1, cores / self.lanes)
    }
}
