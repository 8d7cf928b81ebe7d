// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics

/// What a profile keeps of a column of text until it is known whether it is categories or prose.
struct TextCollector: Sendable {
    /// Different values that are counted one by one.
    static let maximumDistinct = 10_000
    /// Values of a category table.
    static let maximumCategories = 1000
    /// Bytes of a value that are kept; longer values are told apart by their beginning only.
    static let maximumValueBytes = 128
    /// A column whose values are longer on average is text.
    private static let longestCategory = 64.0

    private var values: [String: Int] = [:]
    private var others = 0
    private var bytes = 0
    private var texts = 0
    private(set) var classes = CharacterClasses()
    private(set) var distinct = HyperLogLog()

    /// - Parameter text: Not empty.
    mutating func add(_ text: UnsafeRawBufferPointer) {
        texts += 1
        bytes += text.count
        classes.add(text)
        distinct.add(hash: StableHash.of(bytes: text.prefix(CharacterClasses.maximumBytes)))
        let value = Self.value(text)
        if let count = values[value] {
            values[value] = count + 1
        } else if values.count < Self.maximumDistinct {
            values[value] = 1
        } else {
            others += 1
        }
    }

    /// Whether the values are categories: few different ones, and short.
    var isCategorical: Bool {
        guard texts > 0, others == 0, values.count <= Self.maximumCategories else { return false }
        // Values that hardly ever come twice are no categories, however few.
        guard values.count <= 20 || values.count * 2 <= texts else { return false }
        return Double(bytes) / Double(texts) <= Self.longestCategory
    }

    var categories: [String: Int] { values }

    static func value(_ text: UnsafeRawBufferPointer) -> String {
        String(decoding: text.prefix(maximumValueBytes), as: UTF8.self)
    }
}
