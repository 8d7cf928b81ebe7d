// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayWire

/// What the routes of language models have in common.
struct LanguageAccess: Sendable {
    let service: InferenceService
    /// For the time that answers tell.
    let clock: @Sendable () -> Timestamp

    /// The endpoint that is meant when none is named.
    ///
    /// - Throws: ``WireError`` when there is more than one, or none.
    func onlyEndpoint() throws(WireError) -> String {
        let language = service.languageEndpoints
        let all = service.statuses().map(\.endpoint)
        // Of an endpoint that is loaded on demand nothing is known yet: it is meant where it is the only one.
        let candidates = language.isEmpty ? all : language
        guard candidates.count == 1, let only = candidates.first else {
            throw WireError(
                .invalidRequest,
                "not given, and there is not exactly one language model to choose: name an endpoint, one of "
                    + "[\(candidates.joined(separator: ", "))]",
                at: "model")
        }
        return only
    }
}
