// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decodes `{"data": rows}` and `{"instances": rows}` by a model's signature.
///
/// A model of one input takes rows of values, nested as its shape; any model takes rows that are objects from
/// input name to value. Types come from the signature, shapes from the data; dimensions of 1 at the end may
/// be left out.
package struct PlainDecoder: Sendable {
    let endpoint: String
    let version: Int?
    let signature: ModelSignature

    package init(endpoint: String, version: Int? = nil, signature: ModelSignature) {
        self.endpoint = endpoint
        self.version = version
        self.signature = signature
    }

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError``. Whether the tensors fit the signature is for ``SlipwayCore/ModelSignature`` to say.
    package func decode(
        _ body: UnsafeRawBufferPointer, receivedAt: ContinuousClock.Instant = .now
    ) throws(WireError) -> PlainRequest {
        var scanner = try JSONScanner(body)
        var found: (style: PlainRequest.Style, offset: Int, rows: NestedRows)?
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            guard key == "data" || key == "instances" else {
                try scanner.skipValue()
                continue
            }
            guard found == nil else {
                throw WireError(
                    .invalidRequest, "expected 'data' or 'instances' once, got a second one",
                    at: "byte \(scanner.offset)")
            }
            guard scanner.peek() == .openBracket else {
                throw WireError(
                    .invalidRequest, "expected '\(key)' to be a list of rows", at: "byte \(scanner.offset)")
            }
            let offset = scanner.offset
            do throws(WireError) {
                found = (key == "data" ? .data : .instances, offset, try NestedRows.measure(&scanner))
            } catch {
                throw error.within(key)
            }
        }
        try scanner.finish()
        guard let found else {
            throw WireError(.invalidRequest, "expected a member 'data' (or 'instances') with a list of rows")
        }
        do throws(WireError) {
            let inputs = try scanner.revisit(offset: found.offset) { (scanner) throws(WireError) in
                try readInputs(&scanner, found.rows)
            }
            return PlainRequest(
                inference: InferenceRequest(
                    endpoint: endpoint, version: version, inputs: inputs, receivedAt: receivedAt),
                style: found.style)
        } catch {
            throw error.within(found.style == .data ? "data" : "instances")
        }
    }

    private func readInputs(_ scanner: inout JSONScanner, _ rows: NestedRows) throws(WireError) -> NamedTensors {
        guard rows.dimensions.first != 0 else {
            throw WireError(.invalidRequest, "expected at least one row, got none")
        }
        var probe = scanner
        probe.cursor += 1
        if probe.peek() == .openBrace { return try readObjects(&scanner) }
        guard signature.inputs.count == 1, let spec = signature.inputs.first else {
            let names = signature.inputs.map(\.name).joined(separator: ", ")
            throw WireError(
                .invalidRequest,
                "model '\(endpoint)' has \(signature.inputs.count) inputs: expected each row to be an object with "
                    + "the members [\(names)]")
        }
        let reader = try TensorDataReader(
            elementType: spec.elementType, shape: spec.completing(rows.dimensions))
        var inputs = NamedTensors()
        guard reader.count > 0 else {
            inputs.append(try reader.read(&scanner), named: spec.name)
            return inputs
        }
        inputs.append(try reader.read(&scanner, rows, at: [scanner.offset]), named: spec.name)
        return inputs
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
            guard let index = signature.inputs.firstIndex(where: { $0.name == key }) else {
                let names = signature.inputs.map(\.name).joined(separator: ", ")
                throw WireError(
                    .invalidRequest, "unexpected inference input '\(key)', the model has [\(names)]",
                    at: "byte \(scanner.offset)")
            }
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

    /// One input's values from all rows, the first of which tells the shape of the others.
    private func readColumn(
        _ scanner: inout JSONScanner, _ spec: TensorSpec, _ places: [Int]
    ) throws(WireError) -> Tensor {
        scanner.cursor = scanner.start + places[0]
        let rows = try NestedRows.measure(&scanner)
        let reader = try TensorDataReader(
            elementType: spec.elementType, shape: spec.completing([places.count] + rows.dimensions))
        guard reader.count == 0 else { return try reader.read(&scanner, rows, at: places) }
        for place in places {
            scanner.cursor = scanner.start + place
            try NestedRows.expectEmpty(&scanner)
        }
        return try reader.emptyTensor()
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
