// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Tensors for people.
enum TensorText {
    /// Values shown before the rest is only counted.
    static let shown = 12

    /// `scores FP32 [1,3]: 0.1, 0.2, 0.7`
    static func describe(_ name: String, _ tensor: Tensor) -> String {
        let values = tensor.leadingValues(shown)
        let rest = tensor.count > values.count ? ", ... (\(tensor.count) values)" : ""
        return "\(name) \(tensor.elementType.rawValue) \(tensor.shape): \(values.joined(separator: ", "))\(rest)"
    }
}

extension Tensor {
    fileprivate func leadingValues(_ limit: Int) -> [String] {
        switch elementType {
        case .bool: texts(Bool.self, limit)
        case .int8: texts(Int8.self, limit)
        case .int16: texts(Int16.self, limit)
        case .int32: texts(Int32.self, limit)
        case .int64: texts(Int64.self, limit)
        case .uint8: texts(UInt8.self, limit)
        case .uint16: texts(UInt16.self, limit)
        case .uint32: texts(UInt32.self, limit)
        case .uint64: texts(UInt64.self, limit)
        case .float16: texts(Float16.self, limit)
        case .bfloat16: (values(as: BFloat16.self) ?? []).prefix(limit).map { "\($0.float)" }
        case .float32: texts(Float.self, limit)
        case .float64: texts(Double.self, limit)
        case .bytes: (strings ?? []).prefix(limit).map { "\"\($0)\"" }
        }
    }

    private func texts<T: TensorElement>(_ type: T.Type, _ limit: Int) -> [String] {
        (values(as: type) ?? []).prefix(limit).map { "\($0)" }
    }
}
