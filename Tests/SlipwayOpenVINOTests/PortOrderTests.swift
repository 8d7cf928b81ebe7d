// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayOpenVINO
import Testing

@Suite("Names of ports")
struct PortOrderTests {
    @Test(
        "a port is what its name says, else what its place says",
        arguments: [
            (["a", "b"], ["a", "b"], [0, 1]), (["b", "a"], ["a", "b"], [1, 0]), ([nil, nil], ["a", "b"], [0, 1]),
            (["x", "y"], ["a", "b"], [0, 1]), (["x", "b"], ["a", "b"], [0, 1]),
            // One tensor that goes out twice.
            (["a", "a"], ["a", "b"], [0, 1]), (["a", "a"], ["b", "a"], [0, 1]),
            (["a", "c", "a"], ["b", "c", "a"], [0, 1, 2]), (["a", "c", "a"], ["b", "a", "c"], [1, 2, 0]),
            ([], [], []),
        ] as [([String?], [String], [Int])])
    func places(ports: [String?], file: [String], expected: [Int]) throws {
        #expect(try PortOrder.match(ports, to: file) == expected)
    }

    @Test(
        "what neither tells is refused",
        arguments: [(["x", "a"], ["a", "b"]), ([nil, "a", "b"], ["a", "b", "c"]), (["a"], [])]
            as [([String?], [String])])
    func unclear(ports: [String?], file: [String]) {
        let error = #expect(throws: EngineError.self) { try PortOrder.match(ports, to: file) }
        #expect(error?.code == .loadFailed)
    }
}
