// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What an endpoint is to serve, as one revision says.
package struct EndpointAssignment: Sendable, Hashable {
    package let endpoint: String
    package let revision: Int
    package let version: VersionID
    /// `nil` for the engine the version was imported for.
    package let engine: String?
    package let device: String
    /// `nil` for the server's default.
    package let instances: Int?

    package init(
        endpoint: String, revision: Int, version: VersionID, engine: String?, device: String, instances: Int?
    ) {
        self.endpoint = endpoint
        self.revision = revision
        self.version = version
        self.engine = engine
        self.device = device
        self.instances = instances
    }

    /// Whether a version loaded for `other` serves this as it is.
    func isServed(by other: EndpointAssignment) -> Bool {
        version == other.version && engine == other.engine && device == other.device && instances == other.instances
    }
}

/// Decides which versions of an endpoint to load, to serve and to retire.
///
/// The old version serves until the new one is ready; a new one that fails leaves the old one
/// serving. Loads are told apart by a number, so that late news of an abandoned load does nothing.
package struct EndpointPlan: Sendable, Equatable {
    package typealias LoadID = Int

    package enum Action: Sendable, Equatable {
        case load(LoadID, EndpointAssignment)
        /// Send requests to this load from now on.
        case serve(LoadID)
        case retire(LoadID)
        /// The endpoint is gone: no requests, no loads.
        case close
    }

    private struct Load: Sendable, Equatable {
        let id: LoadID
        let assignment: EndpointAssignment
    }

    package private(set) var desired: EndpointAssignment?
    private var serving: Load?
    private var pending: Load?
    private var lastID: LoadID = 0

    package init() {}

    package var servingLoad: LoadID? { serving?.id }
    package var pendingLoad: LoadID? { pending?.id }

    /// The registry's desired state was read; `nil` when the endpoint is undeployed.
    package mutating func desire(_ assignment: EndpointAssignment?) -> [Action] {
        guard assignment != desired else { return [] }
        desired = assignment
        var actions: [Action] = []
        guard let assignment else {
            if let pending { actions.append(.retire(pending.id)) }
            if let serving { actions.append(.retire(serving.id)) }
            pending = nil
            serving = nil
            actions.append(.close)
            return actions
        }
        if let pending {
            if assignment.isServed(by: pending.assignment) { return [] }
            actions.append(.retire(pending.id))
            self.pending = nil
        }
        if let serving, assignment.isServed(by: serving.assignment) { return actions }
        lastID += 1
        pending = Load(id: lastID, assignment: assignment)
        actions.append(.load(lastID, assignment))
        return actions
    }

    package mutating func becameReady(_ id: LoadID) -> [Action] {
        guard let ready = pending, ready.id == id else { return [.retire(id)] }
        pending = nil
        let old = serving
        serving = ready
        return [.serve(id)] + (old.map { [.retire($0.id)] } ?? [])
    }

    package mutating func failed(_ id: LoadID) -> [Action] {
        guard pending?.id == id else { return [] }
        pending = nil
        return []
    }
}
