// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

/// Expects `body` to fail with a ``ServingError`` of this code, and returns it.
@discardableResult
func expectServingError(
    _ code: ServingError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> ServingError? {
    let error = await #expect(throws: ServingError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    return error
}

extension ServingRig {
    /// Expects that no request holds anything of an endpoint any more.
    func expectIdle(_ endpoint: String = "e", sourceLocation: SourceLocation = #_sourceLocation) throws {
        let load = try service.endpoint(endpoint).admission.load
        #expect(load.requests == 0, sourceLocation: sourceLocation)
        #expect(load.bytes == 0, sourceLocation: sourceLocation)
    }
}
