// SPDX-License-Identifier: Apache-2.0

import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Multipart forms")
struct MultipartFormTests {
    /// Name, file name, type and content of each part.
    private func parts(_ body: String, boundary: String = "b") throws -> [[String?]] {
        try Array(body.utf8).withUnsafeBytes { bytes in
            try MultipartForm(bytes, boundary: boundary).parts.map { part in
                [part.name, part.fileName, part.contentType?.essence, String(decoding: part.content, as: UTF8.self)]
            }
        }
    }

    @Test("give their fields as they are")
    func fields() throws {
        let body = joined(
            "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a \\\"b\\\".jpg\"\r\n",
            "Content-Type: image/jpeg\r\n\r\n\u{1}\r\n\r\n--bx\r\n--b\r\n",
            "content-disposition:form-data;name=n\r\n\r\n\r\n--b--\r\nepilogue")
        #expect(
            try parts(body) == [
                ["data", "a \"b\".jpg", "image/jpeg", "\u{1}\r\n\r\n--bx"], ["n", nil, nil, ""],
            ])
    }

    @Test("may end their lines with LF alone, and have parts without a head")
    func bareLines() throws {
        #expect(try parts("--b \n\nx\n--b--") == [["", nil, nil, "x"]])
    }

    @Test(
        "are refused when they are damaged",
        arguments: [
            "", "--b", "--c\r\n\r\n--c--", "--b\r\nno empty line\r\n--b--", "--b\r\n\r\nnever ends",
            "--bx\r\n\r\n--b--",
        ])
    func damaged(body: String) {
        #expect(throws: WireError.self) { try parts(body) }
    }

    @Test("have a boundary that can be searched for, and not many parts")
    func limits() {
        #expect(throws: WireError.self) { try parts("--\r\n\r\n----", boundary: "") }
        #expect(throws: WireError.self) {
            try parts(String(repeating: "--b\r\n\r\nx\r\n", count: MultipartForm.maximumParts + 1) + "--b--")
        }
        let head = "--b\r\nx: " + String(repeating: "y", count: 9000) + "\r\n\r\n\r\n--b--"
        #expect(throws: WireError.self) { try parts(head) }
    }

    @Test("are read or refused whatever their bytes are")
    func mutated() throws {
        let seed = Array("--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nxyz\r\n--b\r\n\r\n\r\n--b--".utf8)
        try mutate(seeds: [seed], iterations: 20_000, seed: 7) { body in
            let sizes = try body.withUnsafeBytes { bytes in
                try MultipartForm(bytes, boundary: "b").parts.map(\.content.count)
            }
            #expect(sizes.allSatisfy { $0 <= body.count })
        }
    }
}
