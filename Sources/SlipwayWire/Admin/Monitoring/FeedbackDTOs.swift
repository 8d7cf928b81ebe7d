// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What turned out to be true of earlier requests: one item, or a list of them under `items`.
///
/// Items that are wrong are told in the reply, each by itself; the others are joined all the same.
package struct FeedbackRequest: Sendable, Hashable, Codable {
    /// Items of one call; more are refused.
    package static let maximumItems = 10_000

    package var items: [FeedbackItemDTO]

    package init(items: [FeedbackItemDTO]) { self.items = items }

    private enum CodingKeys: String, CodingKey { case items }

    package init(from decoder: any Decoder) throws {
        if let list = try? decoder.singleValueContainer().decode([FeedbackItemDTO].self) {
            items = list
        } else {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            items =
                container.contains(.items)
                ? try container.decode([FeedbackItemDTO].self, forKey: .items)
                : [try FeedbackItemDTO(from: decoder)]
        }
        guard items.count <= Self.maximumItems else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "\(items.count) items, at most \(Self.maximumItems): send them in several calls"))
        }
    }
}

/// The truth about one request.
package struct FeedbackItemDTO: Sendable, Hashable, Codable {
    /// The `x-request-id` of the answer.
    package var requestID: String
    /// The class or the number that was right; of a request with several rows, one for each.
    package var label: LabelDTO?
    /// Business numbers by name.
    package var kpis: [String: Double]?
    /// When it became known; now when it is left out.
    package var at: Timestamp?
    /// Who says so.
    package var source: String?
    /// Why the item cannot be read; not sent.
    package var problem: String?

    package init(
        requestID: String, label: LabelDTO? = nil, kpis: [String: Double]? = nil, at: Timestamp? = nil,
        source: String? = nil
    ) {
        self.requestID = requestID
        self.label = label
        self.kpis = kpis
        self.at = at
        self.source = source
    }

    private enum CodingKeys: String, CodingKey { case requestID, label, kpis, at, source }

    /// Never throws for a member of a wrong type: ``problem`` tells it, so that the other items are joined.
    package init(from decoder: any Decoder) throws {
        requestID = ""
        guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
            problem = "an item is an object with requestID and label or kpis"
            return
        }
        requestID = read(container, .requestID, "a string") ?? ""
        label = read(container, .label, "a string, a number, true or false, or a list of them")
        kpis = read(container, .kpis, "an object of numbers")
        at = read(container, .at, "an instant such as 2026-11-21T12:00:00Z")
        source = read(container, .source, "a string")
        if problem == nil, requestID.isEmpty { problem = "'requestID' is missing" }
        if problem == nil, label == nil, kpis == nil { problem = "neither 'label' nor 'kpis' is given" }
    }

    private mutating func read<T: Decodable>(
        _ container: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys, _ form: String
    ) -> T? {
        do {
            return try container.decodeIfPresent(T.self, forKey: key)
        } catch {
            if problem == nil { problem = "'\(key.stringValue)' is not \(form)" }
            return nil
        }
    }
}

/// A label in JSON: text, a number, a truth value, or a list of these for the rows of a request.
package enum LabelDTO: Sendable, Hashable, Codable {
    /// Rows of one request.
    package static let maximumRows = 100_000

    case number(Double)
    case text(String)
    case flag(Bool)
    case list([LabelDTO])

    package init(from decoder: any Decoder) throws { try self.init(decoder, isNested: false) }

    private init(_ decoder: any Decoder, isNested: Bool) throws {
        if !isNested, var list = try? decoder.unkeyedContainer() {
            var labels: [LabelDTO] = []
            while !list.isAtEnd {
                guard labels.count < Self.maximumRows else {
                    throw DecodingError.dataCorruptedError(
                        in: list, debugDescription: "more than \(Self.maximumRows) labels")
                }
                labels.append(try LabelDTO(try list.superDecoder(), isNested: true))
            }
            self = .list(labels)
            return
        }
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .flag(let flag): try container.encode(flag)
        case .list(let labels): try container.encode(labels)
        }
    }
}

/// What became of each item, in their order.
package struct FeedbackReplyDTO: Sendable, Hashable, Codable {
    package var results: [FeedbackResultDTO]
    /// Items by outcome.
    package var counts: [String: Int]

    package init(results: [FeedbackResultDTO]) {
        self.results = results
        counts = Dictionary(results.map { ($0.outcome.rawValue, 1) }, uniquingKeysWith: +)
    }
}

/// What became of one item.
package struct FeedbackResultDTO: Sendable, Hashable, Codable {
    package enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
        case joined
        /// No prediction with this id waits for a label.
        case unknown
        /// Another replica may have made the prediction, and was handed this.
        case forwarded
        /// The request has its label already; this one changes nothing.
        case duplicate
        /// The label window is over.
        case late
        case invalid
        /// It could not be written down: send it again.
        case unavailable
    }

    package var requestID: String
    package var outcome: Outcome
    /// What is wrong with an item that is invalid, or why it is unavailable.
    package var message: String?

    package init(requestID: String, outcome: Outcome, message: String? = nil) {
        self.requestID = requestID
        self.outcome = outcome
        self.message = message
    }
}
