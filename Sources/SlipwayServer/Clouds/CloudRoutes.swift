// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import SlipwayServing
package import SlipwayWire

/// The routes of the clouds' contracts that are on, and TorchServe's.
package struct CloudRoutes: Sendable {
    let contracts: CloudContracts
    let service: InferenceService
    let admin: any AdminService
    /// Whether TorchServe's management calls deploy and undeploy.
    let allowsControl: Bool

    package init(
        contracts: CloudContracts, service: InferenceService, admin: any AdminService, allowsControl: Bool
    ) {
        self.contracts = contracts
        self.service = service
        self.admin = admin
        self.allowsControl = allowsControl
    }

    /// `routes`, and those of the contracts beside them.
    ///
    /// Where a cloud names a path that is there already, a V2 route stays as it is and any other gives way: the
    /// cloud's answers what it answers, and more.
    package func added(to routes: [Route]) -> [Route] {
        let own = ownRoutes
        let all = beside(routes, own)
        return beside(all, vertexRoutes(besides: all))
    }

    /// `added` beside those of `routes` that it does not replace.
    private func beside(_ routes: [Route], _ added: [Route]) -> [Route] {
        let taken = Set(added.map(Key.init))
        return routes.filter { !taken.contains(Key($0)) } + added
    }

    private struct Key: Hashable {
        let method: HTTPRequest.Method
        let template: String

        init(_ route: Route) {
            method = route.method
            template = route.pattern.template
        }
    }

    private var invocations: Invocations {
        Invocations(service: service, defaultEndpoint: contracts.defaultEndpoint)
    }

    private var ownRoutes: [Route] {
        let control = EndpointControl(service: service, admin: admin)
        var routes = contracts.sageMaker?.routes(invocations, control) ?? []
        routes += TorchServeRoutes(invocations: invocations, control: control, allowsControl: allowsControl).routes
        if contracts.isAzureML { routes.append(score) }
        // SageMaker's own answers come first.
        var seen: Set<Key> = []
        return routes.filter { seen.insert(Key($0)).inserted }
    }

    /// Azure ML's usual scoring route; its liveness and readiness routes are named in its own configuration.
    private var score: Route {
        Route(
            .post, "/score",
            Route.Documentation(
                summary: "Inference by the default endpoint.", tag: "Azure ML",
                request: Invocations.documentationBody, reply: Invocations.documentationReply
            ).failing(406, 415)
        ) { [invocations] call in try await invocations.answer(call, endpoint: try invocations.endpointName()) }
    }

    private func vertexRoutes(besides routes: [Route]) -> [Route] {
        guard let vertex = contracts.vertexAI else { return [] }
        let table = RouteTable(routes)
        var invocations = invocations
        // A predict route that names a model means that model.
        if contracts.defaultEndpoint == nil,
            case .found(_, let parameters) = table.match(.post, vertex.predictRoute[...]),
            let model = parameters.first(where: { $0.name == "model" })
        {
            invocations = Invocations(service: service, defaultEndpoint: percentDecoded(model.value))
        }
        return VertexRoutes(contract: vertex, invocations: invocations, table: table).routes.filter { route in
            let path = route.pattern.template
            // Health routes that are there already tell the same; V2 is spoken by its own routes.
            guard case .found = table.match(route.method, path[...]) else { return true }
            return route.method != .get && !path.hasPrefix("/v2/")
        }
    }
}
