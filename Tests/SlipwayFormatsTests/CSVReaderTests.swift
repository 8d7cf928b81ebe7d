// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

@Suite("CSV reader")
struct CSVReaderTests {
    @Test(
        "reads records and fields",
        arguments: [
            ("", []), ("\n\r\n\n", []), ("a", [["a"]]), ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
            ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]), ("a,\n,b\n", [["a", ""], ["", "b"]]), (",", [["", ""]]),
            ("a\n\n\nb\n", [["a"], ["b"]]), (" a , b ", [[" a ", " b "]]), ("ä,🚀\n", [["ä", "🚀"]]),
            ("a\rb,c", [["a\rb", "c"]]),
        ] as [(String, [[String]])])
    func plain(text: String, records: [[String]]) throws {
        #expect(try CSVReader.read(text) == records)
    }

    @Test(
        "quoted fields hold commas, line ends and quotes",
        arguments: [
            ("\"a,b\",c", [["a,b", "c"]]), ("\"a\nb\"\n\"c\r\nd\"", [["a\nb"], ["c\r\nd"]]), ("\"a\"\"b\"", [["a\"b"]]),
            ("\"\"", [[""]]), ("\"\",\"\"\n", [["", ""]]), ("\"\"\"\"", [["\""]]), ("a\"b,c", [["a\"b", "c"]]),
            ("\"a\"\r\n\"b\"\r\n", [["a"], ["b"]]),
        ] as [(String, [[String]])])
    func quoted(text: String, records: [[String]]) throws {
        #expect(try CSVReader.read(text) == records)
    }

    @Test(
        "refuses what is not a table, with the line",
        arguments: [
            ("a,b\nc\n", "line 2"), ("a\nb,c\n", "line 2"), ("a,b\n\"x\ny\",1\nc\n", "line 4"), ("a\n\"b", "line 2"),
            ("\"a\"b", "line 1"), ("\"a\" ,b", "line 1"), ("\"", "line 1"),
        ])
    func malformed(text: String, line: String) {
        let error = #expect(throws: FormatError.self) { try CSVReader.read(text) }
        #expect(error?.code == .malformed)
        #expect(error?.location == line)
    }
}
