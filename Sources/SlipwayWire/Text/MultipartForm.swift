// SPDX-License-Identifier: Apache-2.0

/// The parts of a `multipart/form-data` body (RFC 7578), as views of the body's bytes.
///
/// Nothing is copied but the parts' heads, of which there are few and short ones.
package struct MultipartForm {
    /// One field.
    package struct Part {
        /// The field's name; empty when it has none.
        package let name: String
        package let fileName: String?
        /// `nil` when the part does not say.
        package let contentType: MediaType?
        /// Valid as long as the body is.
        package let content: UnsafeRawBufferPointer
    }

    package static let maximumParts = 64
    /// Of one part's head, in bytes.
    static let maximumHead = 8 << 10

    package let parts: [Part]

    /// - Parameters:
    ///   - body: Must stay valid for as long as the parts are used.
    ///   - boundary: The content type's parameter of that name.
    /// - Throws: ``WireError`` `invalidRequest` for a body that does not follow the format.
    package init(_ body: UnsafeRawBufferPointer, boundary: String) throws(WireError) {
        guard (1...70).contains(boundary.utf8.count) else {
            throw WireError(.invalidRequest, "expected a multipart boundary of 1 to 70 characters")
        }
        let delimiter = Array("--\(boundary)".utf8)
        var parts: [Part] = []
        guard var position = Self.find(delimiter, in: body, from: 0) else {
            throw WireError(.invalidRequest, "the multipart body does not hold its boundary")
        }
        while true {
            position += delimiter.count
            if Self.has("--", body, position) { break }
            guard let start = Self.lineEnd(body, position) else {
                throw WireError(.invalidRequest, "expected a line end after the boundary", at: "byte \(position)")
            }
            guard let end = Self.find(delimiter, in: body, from: start) else {
                throw WireError(.invalidRequest, "the multipart body ends inside a part", at: "byte \(start)")
            }
            guard parts.count < Self.maximumParts else {
                throw WireError(.invalidRequest, "expected at most \(Self.maximumParts) parts, got more")
            }
            parts.append(try Self.part(body, start..<Self.beforeLineEnd(body, end, notBefore: start)))
            position = end
        }
        guard !parts.isEmpty else { throw WireError(.invalidRequest, "the multipart body has no parts") }
        self.parts = parts
    }

    // MARK: - Lines

    private static func has(_ text: StaticString, _ body: UnsafeRawBufferPointer, _ position: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard body.count - position >= count else { return false }
        return (0..<count).allSatisfy { body[position + $0] == text.utf8Start[$0] }
    }

    /// The byte behind the line end at `position`, white space before it passed over; `nil` when there is none.
    private static func lineEnd(_ body: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        var position = position
        while position < body.count, body[position] == 0x20 || body[position] == 0x09 { position += 1 }
        if has("\r\n", body, position) { return position + 2 }
        return has("\n", body, position) ? position + 1 : nil
    }

    /// Where the line end before a delimiter begins: it belongs to the delimiter.
    private static func beforeLineEnd(_ body: UnsafeRawBufferPointer, _ delimiter: Int, notBefore start: Int) -> Int {
        var end = delimiter
        if end > start, body[end - 1] == 0x0A { end -= 1 }
        if end > start, body[end - 1] == 0x0D { end -= 1 }
        return end
    }

    /// The first place from `start` on where `needle` stands at the beginning of a line.
    private static func find(_ needle: [UInt8], in body: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let first = needle.first else { return nil }
        var position = start
        while position <= body.count - needle.count {
            guard body[position] == first, position == 0 || body[position - 1] == 0x0A,
                needle.indices.allSatisfy({ body[position + $0] == needle[$0] }),
                isEnd(of: position + needle.count, in: body)
            else {
                position += 1
                continue
            }
            return position
        }
        return nil
    }

    /// Whether a delimiter may end before `position`: a longer word is none.
    private static func isEnd(of position: Int, in body: UnsafeRawBufferPointer) -> Bool {
        guard position < body.count else { return true }
        return [0x20, 0x09, 0x0D, 0x0A].contains(body[position]) || has("--", body, position)
    }

    // MARK: - One part

    private static func part(_ body: UnsafeRawBufferPointer, _ range: Range<Int>) throws(WireError) -> Part {
        var name = ""
        var fileName: String?
        var contentType: MediaType?
        var position = range.lowerBound
        let limit = min(range.upperBound, position + maximumHead)
        while let end = (position..<max(position, limit)).first(where: { body[$0] == 0x0A }) {
            var line = body[position..<end]
            if line.last == 0x0D { line = line.dropLast() }
            position = end + 1
            guard !line.isEmpty else {
                let content = UnsafeRawBufferPointer(rebasing: body[position..<range.upperBound])
                return Part(name: name, fileName: fileName, contentType: contentType, content: content)
            }
            let text = String(decoding: line, as: UTF8.self)
            if let type = value(of: "content-type", text) { contentType = MediaType(type) }
            // A disposition reads as a media type does, but for its slash.
            if let field = value(of: "content-disposition", text), let disposition = MediaType("form/" + field) {
                name = disposition.parameters["name"] ?? ""
                fileName = disposition.parameters["filename"]
            }
        }
        throw WireError(
            .invalidRequest, "expected a part's head of at most \(maximumHead) bytes and an empty line behind it",
            at: "byte \(range.lowerBound)")
    }

    private static func value(of name: String, _ line: String) -> String? {
        let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].lowercased() == name else { return nil }
        return String(halves[1].drop { $0 == " " || $0 == "\t" })
    }
}
