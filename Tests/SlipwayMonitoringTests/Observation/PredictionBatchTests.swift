// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite struct PredictionBatchTests {
    private static func same(_ one: NamedTensors, _ other: NamedTensors) -> Bool {
        one.elementsEqual(other) {
            $0.name == $1.name && $0.tensor.elementType == $1.tensor.elementType && $0.tensor.shape == $1.tensor.shape
                && $0.tensor.storage.bytes.elementsEqual($1.tensor.storage.bytes)
        }
    }

    /// Tensors of all types and many shapes, some larger than what is copied.
    private static func tensors(_ random: inout SplitMix64) throws -> NamedTensors {
        var result = NamedTensors()
        for index in 0..<random.below(4) {
            let type = ElementType.allCases[random.below(ElementType.allCases.count)]
            let dimensions = (0..<random.below(4)).map { _ in random.below(random.below(8) == 0 ? 40 : 4) }
            let count = dimensions.reduce(1, *)
            let tensor: Tensor
            if let width = type.byteWidth {
                let bytes = (0..<(count * width)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                tensor = try Tensor(
                    elementType: type, shape: Shape(dimensions),
                    storage: bytes.withUnsafeBytes { TensorStorage(copying: $0) })
            } else {
                let texts = (0..<count).map { _ in String(repeating: "é", count: random.below(3)) }
                tensor = try Tensor(texts, shape: Shape(dimensions))
            }
            result.append(tensor, named: String(repeating: "t", count: random.below(20)) + "\(index)")
        }
        return result
    }

    @Test("a prediction comes out of a batch as it went in", arguments: [1, 2, 3] as [UInt64])
    func whole(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let ids: [String?] = [nil, "", "r", String(repeating: "long ", count: 50)]
        let predictions = try (0..<300).map { index in
            PredictionObservation(
                requestID: ids[random.below(4)], endpoint: ["", "fraud", "größe"][random.below(3)],
                version: VersionID(model: ["m", "a-rather-long-name"][random.below(2)], number: random.below(3)),
                route: RouteKind.allCases[random.below(RouteKind.allCases.count)],
                at: Timestamp(milliseconds: Int64(index) - 100), inputs: try Self.tensors(&random),
                outputs: try Self.tensors(&random),
                parameters: random.below(2) == 0
                    ? [:] : ["a": .bool(true), "b": .int(-7), "c": .double(0.5), "d": .string("x")],
                rows: random.below(4), total: .nanoseconds(Int64(random.below(1_000_000))))
        }
        let batch = PredictionBatch(predictions)
        Self.check(batch, predictions)
        // Every second one of a batch, in another.
        let some = batch.withPredictions { packed in
            PredictionBatch(copying: packed.indices.filter { $0 % 2 == 1 }.map { packed[$0] })
        }
        Self.check(some, predictions.indices.filter { $0 % 2 == 1 }.map { predictions[$0] })
    }

    private static func check(_ batch: PredictionBatch, _ predictions: [PredictionObservation]) {
        batch.withPredictions { packed in
            #expect(packed.count == predictions.count && packed.count == batch.count)
            for (one, other) in zip(packed.map { $0.observation() }, predictions) {
                #expect(one.requestID == other.requestID && one.endpoint == other.endpoint)
                #expect(one.version == other.version && one.route == other.route && one.at == other.at)
                #expect(one.parameters == other.parameters && one.rows == other.rows && one.total == other.total)
                #expect(same(one.inputs, other.inputs) && same(one.outputs, other.outputs))
            }
        }
    }

    @Test("groups are of one endpoint, and keep its order")
    func groups() throws {
        var random = SplitMix64(seed: 4)
        let predictions = (0..<200).map { index in
            PredictionObservation(
                requestID: "\(index)", endpoint: "e\(random.below(3))",
                version: VersionID(model: "m", number: random.below(3)), route: .primary,
                at: Timestamp(milliseconds: 0), inputs: [:], outputs: [:], parameters: [:], rows: 1, total: .zero)
        }
        var found: [String: [String?]] = [:]
        PredictionBatch(predictions).withGroups { group in
            #expect(found[group[0].endpoint] == nil)
            found[group[0].endpoint] = group.map(\.requestID)
        }
        #expect(found == Dictionary(grouping: predictions, by: \.endpoint).mapValues { $0.map(\.requestID) })
    }

    @Test("predictions counted together are counted as they are one by one")
    func together() throws {
        let profile = try Rows.profile(Rows.normal(2000, seed: 1), columns: 2)
        var random = SplitMix64(seed: 2)
        // One row and many, other widths, values missing or beyond all known, over several parts of the window.
        let predictions = try (0..<500).map { index in
            let columns = random.below(20) == 0 ? 3 : 2
            let rows = random.below(10) == 0 ? 1 + random.below(300) : 1
            var values = Rows.normal(rows * columns, seed: UInt64(index))
            if random.below(10) == 0 { values[0] = [.nan, .infinity, 100][random.below(3)] }
            return try Rows.prediction(
                values, columns: columns, at: 1_000_000 + Int64(index) * 3000, id: "r\(index)")
        }
        let (one, other) = (Rows.book(profile), Rows.book(profile))
        for prediction in predictions { one.add(prediction) }
        other.add(predictions)
        let windows = [one, other].map { book in
            book.windows(changedSince: Timestamp(milliseconds: 0)).sorted { $0.startedAt < $1.startedAt }
        }
        #expect(windows[0].count > 2)
        #expect(windows[0] == windows[1])
    }
}
