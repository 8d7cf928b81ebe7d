// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension TinyModel {
    /// A model whose one node is an operator that no engine has.
    public static func unknownOperator() -> [UInt8] {
        unary("NoSuchOperator") { _ in }
    }

    /// A sound graph that imports operator set 999.
    public static func tooNewOpset() -> [UInt8] {
        unary("Identity") { $0.opsets = [("", 999)] }
    }

    /// A sound graph with IR version 999.
    public static func tooNewIR() -> [UInt8] {
        unary("Identity") { $0.irVersion = 999 }
    }

    /// `y = x + w`, float32 `[b, 4]`; `w` lies in the file `location`, ``externalDataFile`` at `offset`.
    ///
    /// `offset` and `length` are written as given, so that tests can make them wrong; `nil` leaves them out.
    public static func externalData(
        location: String, offset: Int? = nil, length: Int? = 16
    ) -> [UInt8] {
        var entries = [(key: "location", value: location)]
        if let offset { entries.append(("offset", String(offset))) }
        if let length { entries.append(("length", String(length))) }
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, [.symbolic("b"), .fixed(4)]))
        builder.output("y", .tensor(.float32, [.symbolic("b"), .fixed(4)]))
        builder.externalInitializer("w", .float32, [4], entries: entries)
        builder.node("Add", ["x", "w"], ["y"])
        return builder.model()
    }

    /// What the external file of ``externalData(location:offset:length:)`` must hold: 1, 2, 3, 4 in float32.
    public static let externalDataFile: [UInt8] =
        [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40]

    /// An identity over a tensor whose type is `number` in `TensorProto.DataType`: 14 is complex64, 17 a float8.
    public static func foreignType(_ number: Int) -> [UInt8] {
        var builder = ONNXBuilder()
        builder.input("x", .rawTensor(number, [.symbolic("b")]))
        builder.output("y", .rawTensor(number, [.symbolic("b")]))
        builder.node("Identity", ["x"], ["y"])
        return builder.model()
    }

    private static func unary(_ operation: String, _ adjust: (inout ONNXBuilder) -> Void) -> [UInt8] {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, [.symbolic("b")]))
        builder.output("y", .tensor(.float32, [.symbolic("b")]))
        builder.node(operation, ["x"], ["y"])
        adjust(&builder)
        return builder.model()
    }
}
