// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

/// Numbers of other tools, made by Scripts/golden/monitoring; see Tests/Fixtures/FIXTURES.md.
enum Golden {
    static func load<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let data = try Data(contentsOf: URL(filePath: "/\(tests)/Fixtures/monitoring/\(name).json"))
        return try JSONDecoder().decode(type, from: data)
    }
}

/// Whether two numbers differ by no more than `tolerance`, relative to the expected one where that is above 1e-12.
func near(_ value: Double?, _ expected: Double, _ tolerance: Double) -> Bool {
    guard let value else { return false }
    if value == expected { return true }
    let scale = abs(expected) > 1e-12 ? abs(expected) : 1
    return abs(value - expected) <= tolerance * scale
}

/// What comes back of a value written as JSON.
func recoded<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
}
