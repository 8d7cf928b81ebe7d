// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Writes schemas; Arrow's Schema.fbs.
enum ArrowSchemaMessage {
    static func schema(
        _ fields: [ArrowOutputField], metadata: [(key: String, value: String)], in builder: inout FlatBuilder
    ) -> FlatBuilder.Place {
        var places: [FlatBuilder.Place] = []
        for one in fields { places.append(field(one.name, one.type, in: &builder)) }
        var parts: [Int: FlatBuilder.Field] = [1: .reference(builder.vector(places))]
        if !metadata.isEmpty { parts[2] = .reference(pairs(metadata, in: &builder)) }
        return builder.table(parts)
    }

    /// Keys with their values.
    static func pairs(
        _ metadata: [(key: String, value: String)], in builder: inout FlatBuilder
    ) -> FlatBuilder.Place {
        var places: [FlatBuilder.Place] = []
        for (key, value) in metadata {
            let (key, value) = (builder.string(key), builder.string(value))
            places.append(builder.table([0: .reference(key), 1: .reference(value)]))
        }
        return builder.vector(places)
    }

    private static func field(
        _ name: String, _ type: ArrowColumnType, in builder: inout FlatBuilder
    ) -> FlatBuilder.Place {
        // The name that Arrow's own libraries give to what lists hold.
        let children = type.item.map { [field("item", $0, in: &builder)] } ?? []
        let (number, table) = self.type(type, in: &builder)
        let (label, vector) = (builder.string(name), builder.vector(children))
        return builder.table([
            0: .reference(label), 1: .bool(true), 2: .byte(number), 3: .reference(table), 5: .reference(vector),
        ])
    }

    /// The number of the type, and its table.
    private static func type(
        _ type: ArrowColumnType, in builder: inout FlatBuilder
    ) -> (UInt8, FlatBuilder.Place) {
        switch type {
        case .number(.bool): return (6, builder.table([:]))
        case .number(.float16): return (3, builder.table([0: .short(0)]))
        case .number(.float32): return (3, builder.table([0: .short(1)]))
        case .number(.float64): return (3, builder.table([0: .short(2)]))
        case .number(let element):
            let isSigned = [ElementType.int8, .int16, .int32, .int64].contains(element)
            let bits = Int32(truncatingIfNeeded: 8 * (element.byteWidth ?? 1))
            return (2, builder.table([0: .int(bits), 1: .bool(isSigned)]))
        case .binary: return (4, builder.table([:]))
        case .text: return (5, builder.table([:]))
        case .instant:
            let zone = builder.string("UTC")
            return (10, builder.table([0: .short(1), 1: .reference(zone)]))
        case .list: return (12, builder.table([:]))
        case .fixedList(let length, _):
            return (16, builder.table([0: .int(Int32(truncatingIfNeeded: length))]))
        }
    }
}
