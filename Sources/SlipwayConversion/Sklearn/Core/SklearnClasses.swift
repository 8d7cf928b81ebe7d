// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayFormats

/// The classes of a classifier, in the order of its scores.
package enum SklearnClasses: Sendable, Hashable {
    case integers([Int64])
    case strings([String])

    package var count: Int {
        switch self {
        case .integers(let values): values.count
        case .strings(let values): values.count
        }
    }

    package var names: [String] {
        switch self {
        case .integers(let values): values.map(String.init)
        case .strings(let values): values
        }
    }

    /// INT64 or BYTES `[classes]`.
    package var tensor: ONNXTensor {
        switch self {
        case .integers(let values): ONNXTensor(values)
        case .strings(let values): ONNXTensor(values)
        }
    }

    package var elementType: ElementType {
        switch self {
        case .integers: .int64
        case .strings: .bytes
        }
    }
}

extension SklearnContext {
    /// The classes of an attribute, which are whole numbers, bools or strings.
    package func classes(_ name: String = "classes_") throws(ConversionError) -> SklearnClasses {
        try classes(try require(name), name)
    }

    /// The same of a value that is not an attribute: `name` is for messages.
    package func classes(_ value: PickleValue, _ name: String) throws(ConversionError) -> SklearnClasses {
        guard let array = value.array else {
            throw unsupported("'\(name)' is \(value.plainName), not an array of classes")
        }
        guard array.shape.count == 1, array.count > 0 else {
            throw malformed("'\(name)' has shape \(array.shape) where a list of classes is wanted")
        }
        if let strings = try? array.strings() { return .strings(strings) }
        // Not by way of float64, which rounds large ones.
        if let integers = try? array.integers() { return .integers(integers) }
        let numbers = try numbers(value, name).values
        let integers = numbers.compactMap { Int64(exactly: $0) }
        guard integers.count == numbers.count else {
            throw unsupported("'\(name)' has fractions; classes are whole numbers or strings")
        }
        return .integers(integers)
    }
}
