// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

/// Does the steps of one load; what a step leaves is kept for the next.
struct VersionLoader {
    let assignment: EndpointAssignment
    let context: ServingContext
    private(set) var loaded: LoadedVersion?
    private var resolved: ResolvedVersion?
    private var folder: String?
    private var bundle: ModelBundle?

    init(assignment: EndpointAssignment, context: ServingContext) {
        self.assignment = assignment
        self.context = context
    }

    mutating func perform(_ step: VersionLifecycle.Step) async throws {
        switch step {
        case .resolve:
            resolved = try await context.source.resolve(assignment.version)
        case .fetch:
            folder = try await context.source.fetch(try known(resolved))
        case .verify:
            bundle = try await context.source.verify(try known(resolved), in: try known(folder))
        case .load:
            try await load(try known(resolved), try known(bundle))
        case .warmUp:
            try await warmUp(try known(loaded))
        }
    }

    private mutating func load(_ resolved: ResolvedVersion, _ bundle: ModelBundle) async throws {
        let engine = try context.engine(named: assignment.engine ?? resolved.engine, for: bundle.format)
        let lanes = assignment.instances ?? context.configuration.lanes
        var options = LoadOptions(
            device: assignment.device, threadsPerCall: context.configuration.threadsPerCall, lanes: lanes)
        options.profilePathPrefix = context.configuration.profilePathPrefix.map { "\($0)-\(resolved.id.model)" }
        let model = try await LoaderThread.run { [options] in try engine.load(bundle, options: options) }
        loaded = try LoadedVersion(resolved: resolved, model: model, engine: engine.name, lanes: lanes)
    }

    /// Runs the model once on zeros, so that the first caller does not pay for lazy initialisation.
    ///
    /// A model may refuse zeros for reasons of its own; that is no reason not to serve it.
    private func warmUp(_ version: LoadedVersion) async throws {
        guard let inputs = version.model.signature.zeros() else { return }
        await withCheckedContinuation { continuation in
            version.lanes.queue.submit {
                _ = try? version.model.predict(inputs, requestedOutputs: nil, cancellation: CancellationFlag())
                continuation.resume()
            }
        }
    }

    private func known<T>(_ value: T?) throws -> T {
        guard let value else {
            throw ServingError(code: .loadFailed, message: "a step of the load was left out")
        }
        return value
    }
}

extension ModelSignature {
    /// Zeros for every required input, 1 for every dimension that may vary; `nil` when a rank is unknown.
    func zeros() -> NamedTensors? {
        var tensors = NamedTensors()
        for spec in inputs where !spec.isOptional {
            guard spec.form == .tensor, let dimensions = spec.shape else { return nil }
            let shape = Shape(dimensions.map { if case .fixed(let extent) = $0 { extent } else { 1 } })
            guard let count = shape.elementCount, count <= 1 << 26 else { return nil }
            let storage = TensorStorage(byteCount: count * (spec.elementType.byteWidth ?? 4)) { bytes in
                _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
            }
            guard let tensor = try? Tensor(elementType: spec.elementType, shape: shape, storage: storage) else {
                return nil
            }
            tensors.append(tensor, named: spec.name)
        }
        return tensors
    }
}
