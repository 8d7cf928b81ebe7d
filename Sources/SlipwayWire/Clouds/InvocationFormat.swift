// SPDX-License-Identifier: Apache-2.0

/// In what form a cloud's client sends rows, or wants them back.
package enum InvocationFormat: Sendable, Hashable {
    /// V2, `{"instances": rows}`, `{"data": rows}` or bare rows.
    case json
    /// One row, or one object from input name to value, in each line.
    case jsonLines
    case csv
    case npy
    /// V2 JSON of so many bytes, as the client wrote the number, with binary tensors behind it.
    case binary(BinaryFamily, headerLength: String)

    /// Whose name the media type of binary tensors bears.
    package enum BinaryFamily: String, Sendable, Hashable, CaseIterable {
        case sageMaker = "application/vnd.sagemaker-triton.binary+json"
        case vertex = "application/vnd.vertex-ai-triton.binary+json"

        /// The media type of a reply whose JSON has `headerLength` bytes.
        package func contentType(headerLength: Int) -> String { "\(rawValue);json-header-size=\(headerLength)" }
    }

    /// What is taken, for those that sent something else.
    package static let supported =
        "application/json, application/jsonlines, text/csv, application/x-npy, "
        + BinaryFamily.allCases.map { $0.rawValue + ";json-header-size=N" }.joined(separator: ", ")

    /// The form of a body; `nil` for a media type that is not taken.
    ///
    /// - Parameter contentType: `nil` where the client does not say: JSON.
    package init?(contentType: String?) {
        guard let contentType, !contentType.isEmpty else {
            self = .json
            return
        }
        guard let type = MediaType(contentType) else { return nil }
        if let family = BinaryFamily(rawValue: type.essence) {
            guard let length = type.parameters["json-header-size"] else { return nil }
            self = .binary(family, headerLength: length)
            return
        }
        guard let named = Self.named(type.essence) else { return nil }
        self = named
    }

    private static func named(_ essence: String) -> InvocationFormat? {
        switch essence {
        // The last is what curl says of a body when nobody said what it is.
        case "application/json", "text/json", "application/x-www-form-urlencoded": .json
        case "application/jsonlines", "application/x-jsonlines", "application/x-ndjson": .jsonLines
        case "text/csv", "application/csv": .csv
        case "application/x-npy": .npy
        default: nil
        }
    }

    /// The form of the reply; `nil` when the client takes none that is made here.
    ///
    /// - Parameters:
    ///   - accept: The request's `Accept`; where it is absent, or allows anything, the reply is as the request.
    ///   - request: The form of the request.
    package static func reply(accept: String?, to request: InvocationFormat) -> InvocationFormat? {
        guard let accept, !accept.isEmpty else { return request }
        for type in MediaType.accepted(accept) {
            if ["*/*", "application/*"].contains(type.essence) { return request }
            if type.essence == "text/*" { return .csv }
            if case .binary(let family, _) = request, type.essence == family.rawValue { return request }
            if let named = named(type.essence) { return named }
        }
        return nil
    }

    /// The media type of a reply in this form; binary tensors say theirs themselves.
    package var contentType: String {
        switch self {
        case .json, .binary: "application/json"
        case .jsonLines: "application/jsonlines"
        case .csv: "text/csv"
        case .npy: "application/x-npy"
        }
    }
}
