// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayWire
import Synchronization

/// The long work of one server: what runs, and how the last pieces ended.
package final class OperationBook: Sendable {
    private struct State {
        var operations: [OperationDTO] = []
        var nextNumber = 1

        mutating func forget(beyond limit: Int) {
            while operations.count > limit, let index = operations.firstIndex(where: { $0.state != "running" }) {
                operations.remove(at: index)
            }
        }
    }

    /// Finished operations beyond this many are forgotten, oldest first.
    package static let remembered = 200
    /// Operations that may run at the same time.
    package static let concurrent = 16

    private let state = Mutex(State())

    package init() {}

    package func operation(_ id: String) throws(ControlError) -> OperationDTO {
        guard let found = state.withLock({ $0.operations.first { $0.id == id } }) else {
            throw ControlError(.notFound, "there is no operation '\(id)', or it ended too long ago")
        }
        return found
    }

    /// Begins an import and returns at once; `work` gets a closure to tell its progress.
    ///
    /// - Throws: ``ControlError`` `busy` when too many run.
    package func start(
        _ kind: String, _ work: @escaping @Sendable (@escaping @Sendable (Double) -> Void) async throws -> ImportDTO
    ) throws(ControlError) -> OperationDTO {
        let operation = state.withLock { state -> OperationDTO? in
            guard state.operations.filter({ $0.state == "running" }).count < Self.concurrent else { return nil }
            let operation = OperationDTO(id: "op-\(state.nextNumber)", kind: kind, state: "running", progress: 0)
            state.nextNumber += 1
            state.operations.append(operation)
            state.forget(beyond: Self.remembered)
            return operation
        }
        guard let operation else {
            throw ControlError(.busy, "\(Self.concurrent) operations run already: wait for one")
        }
        Task {
            do {
                let result = try await work { progress in self.progressed(operation.id, progress) }
                self.update(operation.id) {
                    $0.state = "succeeded"
                    $0.progress = 1
                    $0.result = result
                }
            } catch {
                self.update(operation.id) {
                    $0.state = "failed"
                    $0.error = ErrorDTO(describing: error)
                }
            }
        }
        return operation
    }

    /// News of an operation that has ended comes too late and does nothing.
    private func progressed(_ id: String, _ progress: Double) {
        update(id) { if $0.state == "running" { $0.progress = min(max(progress, $0.progress), 1) } }
    }

    private func update(_ id: String, _ change: (inout OperationDTO) -> Void) {
        state.withLock { state in
            guard let index = state.operations.firstIndex(where: { $0.id == id }) else { return }
            change(&state.operations[index])
        }
    }
}
