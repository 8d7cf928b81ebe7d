// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayCore
import SlipwayServer
import Testing

@Suite("Routes that speak CloudEvents")
struct CloudEventsTests {
    @Test(
        "are those that infer by KServe's protocols",
        arguments: [
            (.post, "/v1/models/{model}:predict", true), (.post, "/v2/models/{model}/infer", true),
            (.post, "/v1/models/{model}:explain", true), (.get, "/v2/models/{model}", false),
            (.post, "/v2/repository/index", false), (.post, "/invocations", false),
        ] as [(HTTPRequest.Method, String, Bool)])
    func chosen(method: HTTPRequest.Method, template: String, speaks: Bool) {
        let documentation = Route.Documentation(summary: "S.", tag: "T", request: .json("DataRequest"))
        let routes = CloudEvents.added(
            to: [Route(method, template, documentation) { _ in .empty }], clock: { Timestamp(milliseconds: 0) })
        #expect(routes.count == 1)
        #expect(routes[0].pattern.template == template)
        #expect(routes[0].documentation.request.typeNames.contains("CloudEvent") == speaks)
        #expect(routes[0].documentation.request.typeNames.contains("DataRequest"))
    }
}
