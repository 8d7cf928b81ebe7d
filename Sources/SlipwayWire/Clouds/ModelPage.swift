// SPDX-License-Identifier: Apache-2.0

/// A part of a list of models, as SageMaker's multi-model contract and TorchServe page through it.
package struct ModelPage: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package let name: String
        package let url: String

        package init(name: String, url: String) {
            self.name = name
            self.url = url
        }
    }

    package static let defaultLimit = 100

    package let entries: [Entry]
    /// What asks for the part behind this one; `nil` at the end.
    package let nextToken: String?

    /// - Parameters:
    ///   - limit: Entries of one part; the default where it is not above 0.
    ///   - token: Of the part before; `nil` for the first. Where to go on, as a number.
    /// - Throws: ``WireError`` `invalidRequest` for a token that none here ever was.
    package init(of all: [Entry], limit: Int?, token: String?) throws(WireError) {
        let start = token.map { Int($0) ?? -1 } ?? 0
        guard start >= 0 else {
            throw WireError(.invalidRequest, "next_page_token is none that was given out here")
        }
        let first = min(start, all.count)
        let limit = limit.flatMap { $0 > 0 ? $0 : nil } ?? Self.defaultLimit
        let end = first + min(limit, all.count - first)
        entries = Array(all[first..<end])
        nextToken = end < all.count ? String(end) : nil
    }

    /// `{"models":[{"modelName","modelUrl"}],"nextPageToken"?}`
    package func encode() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("models", array: { json in for entry in entries { entry.write(to: &json) } })
            if let nextToken { json.member("nextPageToken", nextToken) }
        }
        return json.bytes
    }
}

extension ModelPage.Entry {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("modelName", name)
            $0.member("modelUrl", url)
        }
    }

    /// The entry alone, as a document.
    package func encode() -> [UInt8] {
        var json = JSONWriter()
        write(to: &json)
        return json.bytes
    }
}

/// `POST /models` of SageMaker's multi-model contract.
package struct LoadModelRequest: Sendable, Hashable {
    package let name: String
    /// A folder of the container.
    package let url: String

    /// Decodes `{"model_name", "url"}`; other members are passed over.
    ///
    /// - Throws: ``WireError``.
    package init(_ body: UnsafeRawBufferPointer) throws(WireError) {
        var scanner = try JSONScanner(body)
        var values: [String: String] = [:]
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            guard key == "model_name" || key == "url" else {
                try scanner.skipValue()
                continue
            }
            values[key] = try scanner.text(key)
        }
        try scanner.finish()
        guard let name = values["model_name"], let url = values["url"] else {
            throw WireError(.invalidRequest, "expected the members 'model_name' and 'url'")
        }
        self.name = name
        self.url = url
    }
}
