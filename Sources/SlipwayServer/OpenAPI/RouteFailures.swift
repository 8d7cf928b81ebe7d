// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayWire

/// The statuses besides success that a route may answer, told from what the route takes.
enum RouteFailures {
    static func statuses(of route: Route) -> [Int] {
        var statuses: Set<Int> = Set(route.documentation.failures)
        let hasBody = route.documentation.request != .none
        let hasParameters = !route.pattern.parameterNames.isEmpty || !route.documentation.query.isEmpty
        statuses.formUnion(usual(on: route.surface))
        // A bad escape in the path, a name that nothing has, a version that is not ready or not loaded in time.
        if hasParameters { statuses.formUnion([400, 404]) }
        if route.surface != .admin, !route.pattern.parameterNames.isEmpty {
            statuses.formUnion([499, 503, 504, 507])
        }
        if hasBody {
            // Too slow, too large, an encoding that is not read, and whatever an engine call may come to.
            statuses.formUnion([400, 403, 404, 408, 413, 429, 499, 501, 503, 504, 507])
        }
        if route.surface == .admin, route.method != .get { statuses.formUnion([400, 404, 409, 501, 507]) }
        // A change on the inference port that is not allowed, or waits for a model to load.
        if route.surface == .torchServe, route.method != .get { statuses.formUnion([409, 503, 504, 507]) }
        statuses.remove(route.documentation.status)
        return statuses.sorted()
    }

    private static func usual(on surface: ErrorTable.Surface) -> Set<Int> {
        surface == .admin ? [401, 403, 500, 503] : [500]
    }

    /// What the body of a failure holds.
    ///
    /// A request that never reached its route is answered in the plainest shape whatever the route speaks.
    static func body(of route: Route, status: Int) -> [Route.Content] {
        let plain = Route.Content.json("Error")
        if let own = route.documentation.failureBody { return [own, plain] }
        if route.surface == .openAI { return [.json("OpenAIError"), plain] }
        return route.surface == .admin && ![400, 408].contains(status) ? [.json("ErrorDTO")] : [plain]
    }
}
