// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
package import SlipwayWire

extension HomeControl {
    package func feedback(_ request: FeedbackRequest, to endpoint: String) async throws -> FeedbackReplyDTO {
        _ = try await self.endpoint(endpoint)
        guard let live = monitoring.live else {
            throw ControlError(
                .busy,
                "feedback is joined by a server: start 'slipway serve', or send it to one that runs with --server")
        }
        var joinable: [Feedback] = []
        var results = request.items.map { item -> FeedbackResultDTO? in
            if let problem = item.problem {
                return FeedbackResultDTO(requestID: item.requestID, outcome: .invalid, message: problem)
            }
            joinable.append(Feedback(item))
            return nil
        }
        let joined = joinable.isEmpty ? [] : try await live.join(joinable, to: endpoint)
        var next = joined.makeIterator()
        for (index, item) in request.items.enumerated() where results[index] == nil {
            guard let result = next.next() else { break }
            results[index] = FeedbackResultDTO(item.requestID, result)
        }
        return FeedbackReplyDTO(
            results: zip(request.items, results).map { item, result in
                result ?? FeedbackResultDTO(requestID: item.requestID, outcome: .unknown)
            })
    }
}

extension Feedback {
    init(_ item: FeedbackItemDTO) {
        self.init(
            requestID: item.requestID, label: item.label.map(FeedbackValue.init), kpis: item.kpis ?? [:], at: item.at,
            source: item.source)
    }
}

extension FeedbackValue {
    init(_ label: LabelDTO) {
        self =
            switch label {
            case .number(let number): .number(number)
            case .text(let text): .text(text)
            case .flag(let flag): .bool(flag)
            case .list(let labels): .list(labels.map(FeedbackValue.init))
            }
    }
}

extension FeedbackResultDTO {
    init(_ requestID: String, _ result: FeedbackResult) {
        switch result {
        case .joined: self.init(requestID: requestID, outcome: .joined)
        case .unknown: self.init(requestID: requestID, outcome: .unknown)
        case .forwarded: self.init(requestID: requestID, outcome: .forwarded)
        case .duplicate: self.init(requestID: requestID, outcome: .duplicate)
        case .late: self.init(requestID: requestID, outcome: .late)
        case .invalid(let why): self.init(requestID: requestID, outcome: .invalid, message: why)
        case .unavailable(let why): self.init(requestID: requestID, outcome: .unavailable, message: why)
        }
    }
}
