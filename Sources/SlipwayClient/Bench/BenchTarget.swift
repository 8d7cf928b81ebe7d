// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The model that a load test asks.
package struct BenchTarget: Sendable, Hashable {
    package let server: ServerAddress
    package let endpoint: String
    package let version: Int?

    package init(server: ServerAddress, endpoint: String, version: Int? = nil) {
        self.server = server
        self.endpoint = endpoint
        self.version = version
    }

    /// Reads an endpoint's name, or the URL of a model on any V2 server: `http://HOST:PORT/v2/models/M[/versions/V]`.
    ///
    /// - Parameter server: Where an endpoint given by name is.
    /// - Throws: ``ClientError`` `invalidRequest` that shows the form.
    package init(parsing text: String, server: ServerAddress) throws(ClientError) {
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
            self.init(server: server, endpoint: text)
            return
        }
        let malformed = ClientError.invalidRequest(
            "'\(text)' is no model's URL: write http://HOST:PORT/v2/models/NAME or NAME/versions/3 at its end")
        let marker = "/v2/models/"
        guard let range = text.firstRange(of: marker) else { throw malformed }
        var parts = text[range.upperBound...].split(separator: "/", omittingEmptySubsequences: true)
        if parts.last == "infer", parts.count > 1 { parts.removeLast() }
        guard let first = parts.first, let name = Self.percentDecoded(first) else { throw malformed }
        var version: Int?
        if parts.count > 1 {
            guard parts.count == 3, parts[1] == "versions", let number = Int(parts[2]), number >= 0 else {
                throw malformed
            }
            version = number
        }
        self.init(
            server: try ServerAddress(parsing: String(text[..<range.lowerBound])), endpoint: name, version: version)
    }

    /// `nil` for a malformed escape or bytes that are no UTF-8.
    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The tensors that a load test sends.
package enum BenchInputs: Sendable {
    /// Made from the model's metadata.
    case sample(SampleInputs)
    case given(NamedTensors)
}

extension LoadGenerator {
    /// A generator of V2 inference requests; asks the server for the model's metadata when inputs are to be made.
    ///
    /// - Parameters:
    ///   - isBinary: Whether tensors travel as they lie in memory, both ways, instead of as JSON.
    ///   - token: Sent as a bearer token.
    package init(
        target: BenchTarget, inputs: BenchInputs, isBinary: Bool, plan: BenchPlan, token: String? = nil
    ) async throws {
        let tensors: NamedTensors
        switch inputs {
        case .given(let given): tensors = given
        case .sample(var sample):
            let client = InferenceClient(server: target.server, token: token)
            tensors = try sample.tensors(
                for: try await client.metadata(of: target.endpoint, version: target.version))
        }
        let request = BenchRequest(
            server: target.server, path: InferenceClient.path(of: target.endpoint, version: target.version),
            body: try V2RequestBody(inputs: tensors, isBinary: isBinary), token: token)
        try self.init(server: target.server, request: request, plan: plan)
    }
}
