// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayWire

/// V2 shared memory, of which there is none: clients that forget their regions before they begin have nothing to
/// forget, and those that register one are told.
struct SharedMemoryRoutes: Sendable {
    var routes: [Route] {
        let documentation = { (summary: String, reply: Route.Content) in
            Route.Documentation(summary: summary, tag: "Shared memory", reply: reply)
        }
        return ["/v2/systemsharedmemory", "/v2/cudasharedmemory"].flatMap { path in
            [path, path + "/region/{region}"].flatMap { place in
                [
                    Route(.get, place + "/status", documentation("Regions of shared memory: none.", .json(nil))) { _ in
                        .json(Array("[]".utf8))
                    },
                    Route(
                        .post, place + "/unregister", documentation("Forgets regions, of which there are none.", .none)
                    ) { _ in
                        .empty
                    },
                ]
            } + [
                Route(
                    .post, path + "/region/{region}/register",
                    documentation("Not supported: answers 501.", .none).failing(501)
                ) {
                    _ in
                    throw ServerError.noSharedMemory
                }
            ]
        }
    }
}
