// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Reads a model's inputs from JSON whose types come from the signature and whose shapes come from the data.
///
/// Where a text is expected, `{"b64":"..."}` may stand for bytes. Dimensions of 1 at a shape's end may be left out.
struct RowReader {
    let endpoint: String
    let signature: ModelSignature

    /// The input that bare values belong to: the only one there is, or the only one that must be there.
    private func onlyInput(_ expected: String) throws(WireError) -> TensorSpec {
        let required = signature.inputs.count > 1 ? signature.inputs.filter { !$0.isOptional } : signature.inputs
        guard required.count == 1, let spec = required.first else {
            let names = signature.inputs.map(\.name).joined(separator: ", ")
            throw WireError(
                .invalidRequest,
                "model '\(endpoint)' has \(signature.inputs.count) inputs: expected \(expected) with the members "
                    + "[\(names)]")
        }
        return spec
    }

    private func isBase64(_ scanner: JSONScanner) -> Bool {
        scanner.isAtBase64() && !signature.inputs.contains { $0.name == "b64" }
    }

    private func reader(_ spec: TensorSpec, _ dimensions: [Int]) throws(WireError) -> TensorDataReader {
        var reader = try TensorDataReader(elementType: spec.elementType, shape: spec.completing(dimensions))
        reader.acceptsBase64 = true
        return reader
    }

    // MARK: - Rows

    /// Reads the list of rows at the scanner's position: each a value of the only input, nested as one row of its
    /// shape, or an object from input name to value.
    func readRows(_ scanner: inout JSONScanner) throws(WireError) -> NamedTensors {
        guard scanner.peek() == .openBracket else {
            throw WireError(.invalidRequest, "expected a list of rows", at: "byte \(scanner.offset)")
        }
        var probe = scanner
        probe.cursor += 1
        let first = probe.peek()
        guard first != .closeBracket else {
            throw WireError(
                .invalidRequest, "expected at least one row, got none", at: "byte \(scanner.offset)")
        }
        if first == .openBrace, !isBase64(probe) { return try readObjects(&scanner) }
        let spec = try onlyInput("each row to be an object")
        var inputs = NamedTensors()
        inputs.append(try readValue(&scanner, spec), named: spec.name)
        return inputs
    }

    /// One input's whole value.
    private func readValue(_ scanner: inout JSONScanner, _ spec: TensorSpec) throws(WireError) -> Tensor {
        _ = scanner.peek()
        let offset = scanner.offset
        var behind = scanner
        let rows = try NestedRows.measure(&behind)
        let reader = try reader(spec, rows.dimensions)
        guard reader.count > 0 else { return try reader.read(&scanner) }
        return try reader.read(&scanner, rows, at: [offset])
    }

    /// Rows that are objects from input name to value.
    private func readObjects(_ scanner: inout JSONScanner) throws(WireError) -> NamedTensors {
        var offsets = Array(repeating: [Int](), count: signature.inputs.count)
        var row = 0
        try scanner.beginArray()
        var isFirst = true
        while try scanner.nextElement(isFirst: &isFirst) {
            do throws(WireError) {
                try readObject(&scanner, row, &offsets)
            } catch {
                throw error.within("[\(row)]")
            }
            row += 1
        }
        let resume = scanner.cursor
        var inputs = NamedTensors()
        for (spec, places) in zip(signature.inputs, offsets) {
            if places.isEmpty, spec.isOptional { continue }
            guard places.count == row else {
                throw WireError(
                    .invalidRequest, "expected input '\(spec.name)' in all \(row) rows, got it in \(places.count)")
            }
            do throws(WireError) {
                inputs.append(try readColumn(&scanner, spec, places), named: spec.name)
            } catch {
                throw error.within("input '\(spec.name)'")
            }
        }
        scanner.cursor = resume
        return inputs
    }

    private func readObject(
        _ scanner: inout JSONScanner, _ row: Int, _ offsets: inout [[Int]]
    ) throws(WireError) {
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            let index = try index(of: key, scanner)
            guard offsets[index].count == row else {
                throw WireError(
                    .invalidRequest, "expected input '\(key)' once in each row before this one and in this one",
                    at: "byte \(scanner.offset)")
            }
            _ = scanner.peek()
            offsets[index].append(scanner.offset)
            try scanner.skipValue()
        }
    }

    private func index(of name: String, _ scanner: JSONScanner) throws(WireError) -> Int {
        guard let index = signature.inputs.firstIndex(where: { $0.name == name }) else {
            let names = signature.inputs.map(\.name).joined(separator: ", ")
            throw WireError(
                .invalidRequest, "unexpected inference input '\(name)', the model has [\(names)]",
                at: "byte \(scanner.offset)")
        }
        return index
    }

    /// One input's values from all rows, the first of which tells the shape of the others.
    private func readColumn(
        _ scanner: inout JSONScanner, _ spec: TensorSpec, _ places: [Int]
    ) throws(WireError) -> Tensor {
        scanner.cursor = scanner.start + places[0]
        let rows = try NestedRows.measure(&scanner)
        let reader = try reader(spec, [places.count] + rows.dimensions)
        guard reader.count == 0 else { return try reader.read(&scanner, rows, at: places) }
        for place in places {
            scanner.cursor = scanner.start + place
            try NestedRows.expectEmpty(&scanner)
        }
        return try reader.emptyTensor()
    }

    // MARK: - Whole inputs

    /// Reads whole inputs at the scanner's position: an object from input name to value, or the only input's value.
    func readColumns(_ scanner: inout JSONScanner) throws(WireError) -> NamedTensors {
        var inputs = NamedTensors()
        guard scanner.peek() == .openBrace, !isBase64(scanner) else {
            let spec = try onlyInput("an object")
            inputs.append(try readValue(&scanner, spec), named: spec.name)
            return inputs
        }
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            let spec = signature.inputs[try index(of: key, scanner)]
            do throws(WireError) {
                guard inputs.append(try readValue(&scanner, spec), named: key) else {
                    throw WireError(.invalidRequest, "expected the input once, got it twice")
                }
            } catch {
                throw error.within("input '\(key)'")
            }
        }
        return inputs
    }
}

extension TensorSpec {
    /// `dimensions`, and the dimensions of 1 at the shape's end that they leave out.
    fileprivate func completing(_ dimensions: [Int]) -> Shape {
        guard let shape, shape.count > dimensions.count,
            shape[dimensions.count...].allSatisfy({ $0 == .fixed(1) })
        else { return Shape(dimensions) }
        return Shape(dimensions + shape[dimensions.count...].map { _ in 1 })
    }
}
