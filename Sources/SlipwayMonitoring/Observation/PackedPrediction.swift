// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// An answered request as bytes, read where they lie: valid inside ``PredictionBatch/withPredictions(_:)`` alone.
///
/// Monitors look at each request for a microsecond: objects that another thread made would cost more to touch and to
/// free than what is counted of them. A record is a ``Header``, a ``TensorHeader`` for each input and output, the
/// dimensions of all, the request's id, its parameters, and the bytes of each tensor at a multiple of 8.
/// ``PredictionPacker`` writes it, and it never leaves the process.
package struct PackedPrediction {
    struct Header: BitwiseCopyable {
        var at: Int64
        var nanoseconds: Int64
        var rows: Int
        /// Of the record, a multiple of 8.
        var byteCount: UInt32
        /// Where the id begins, and behind it the parameters.
        var idStart: UInt32
        /// ``absent`` without an id.
        var idBytes: UInt32
        var parameterBytes: UInt32
        /// Its place among the forms of its batch.
        var form: UInt16
        var inputs: UInt16
        var outputs: UInt16
        var route: RouteKind
    }

    /// The count of what is not there.
    static let absent = UInt32.max

    struct TensorHeader: BitwiseCopyable {
        /// Where its bytes begin; of one that is kept beside the records, its place among those.
        var start: UInt32
        var byteCount: UInt32
        var count: UInt32
        /// Elements of each row; -1 where they do not divide evenly among the rows.
        var columns: Int32
        var elementType: ElementType
        var isKept: Bool
    }

    private let base: UnsafeRawPointer
    /// Tensors too large to be copied.
    private let kept: UnsafePointer<TensorStorage>?
    /// The batch holds it.
    unowned(unsafe) let form: PredictionForm

    init(_ base: UnsafeRawPointer, kept: UnsafePointer<TensorStorage>?, form: PredictionForm) {
        self.base = base
        self.kept = kept
        self.form = form
    }

    private var header: Header { base.load(as: Header.self) }

    /// Of the record, and of tensors that are kept beside it.
    var byteCount: Int { Int(header.byteCount) }
    var keptBytes: Int {
        var sum = 0
        for index in 0..<outputIndices.upperBound where tensorHeader(index).isKept {
            sum += Int(tensorHeader(index).byteCount)
        }
        return sum
    }

    private static func place(ofTensor index: Int) -> Int {
        MemoryLayout<Header>.stride &+ index &* MemoryLayout<TensorHeader>.stride
    }

    private func tensorHeader(_ index: Int) -> TensorHeader {
        base.load(fromByteOffset: Self.place(ofTensor: index), as: TensorHeader.self)
    }

    /// Writes the same record for another batch; see ``PredictionPacker/write(to:form:keeping:)``.
    func copy(to target: UnsafeMutableRawBufferPointer, form: Int, keeping others: inout [TensorStorage]) {
        precondition(target.count == byteCount, "a record is written where it fits")
        guard let copy = target.baseAddress else { return }
        copy.copyMemory(from: base, byteCount: byteCount)
        var header = header
        header.form = UInt16(form)
        copy.storeBytes(of: header, as: Header.self)
        for index in 0..<outputIndices.upperBound {
            var tensor = tensorHeader(index)
            guard tensor.isKept, let kept else { continue }
            others.append(kept[Int(tensor.start)])
            tensor.start = UInt32(others.count - 1)
            copy.storeBytes(of: tensor, toByteOffset: Self.place(ofTensor: index), as: TensorHeader.self)
        }
    }

    package var at: Timestamp { Timestamp(milliseconds: header.at) }
    package var rows: Int { header.rows }
    package var route: RouteKind { header.route }
    package var endpoint: String { form.endpoint }
    package var version: VersionID { form.version }

    // MARK: Texts

    /// The bytes of the id in the answer's `x-request-id`; `nil` without one.
    var requestIDBytes: UnsafeRawBufferPointer? {
        let header = header
        guard header.idBytes != Self.absent else { return nil }
        return UnsafeRawBufferPointer(start: base + Int(header.idStart), count: Int(header.idBytes))
    }

    package var requestID: String? { requestIDBytes.map { String(decoding: $0, as: UTF8.self) } }

    /// The parameters, of which most requests have none.
    var parameters: [String: ParameterValue] {
        guard header.parameterBytes > 0 else { return [:] }
        let start = Int(header.idStart) + (requestIDBytes?.count ?? 0)
        return PackedParameters.read(
            UnsafeRawBufferPointer(start: base + start, count: Int(header.parameterBytes)))
    }

    // MARK: Tensors

    /// One tensor: the inputs first, then the outputs.
    ///
    /// - Precondition: `index` is one of the form's slots.
    @inline(__always)
    func tensor(_ index: Int) -> PackedTensor {
        let header = tensorHeader(index)
        let bytes =
            if header.isKept, let kept { kept[Int(header.start)].bytes } else {
                UnsafeRawBufferPointer(start: base + Int(header.start), count: Int(header.byteCount))
            }
        return PackedTensor(
            elementType: header.elementType, count: Int(header.count), columns: Int(header.columns), bytes: bytes,
            index: index)
    }

    var inputIndices: Range<Int> { 0..<Int(header.inputs) }
    var outputIndices: Range<Int> {
        let header = header
        return Int(header.inputs)..<(Int(header.inputs) + Int(header.outputs))
    }
    var inputs: some Sequence<PackedTensor> { inputIndices.lazy.map(tensor) }
    var outputs: some Sequence<PackedTensor> { outputIndices.lazy.map(tensor) }

    func name(of tensor: PackedTensor) -> String { form.slots[tensor.index].name }
    func input(_ name: String) -> PackedTensor? { inputs.first { self.name(of: $0) == name } }

    func dimensions(of tensor: PackedTensor) -> [Int] {
        let start = Self.place(ofTensor: outputIndices.upperBound)
        return form.slots[tensor.index].dimensions.map { place in
            Int(base.load(fromByteOffset: start + 4 * place, as: UInt32.self))
        }
    }

    /// Bytes of all inputs together.
    var inputBytes: Int { inputs.reduce(0) { $0 + $1.bytes.count } }

    /// What ``observation()`` takes: its `byteCount`.
    package var observedBytes: Int {
        outputs.reduce(inputBytes + PredictionObservation.otherBytes) { $0 + $1.bytes.count }
    }

    // MARK: Objects again

    /// The same as objects of its own, for those few that keep or send it.
    package func observation() -> PredictionObservation {
        PredictionObservation(
            requestID: requestID, endpoint: endpoint, version: version, route: route, at: at,
            inputs: named(inputs), outputs: named(outputs), parameters: parameters, rows: rows,
            total: .nanoseconds(header.nanoseconds))
    }

    private func named(_ tensors: some Sequence<PackedTensor>) -> NamedTensors {
        var result = NamedTensors()
        for tensor in tensors {
            // It was packed from a tensor: its shape and bytes agree.
            let whole = try? Tensor(
                elementType: tensor.elementType, shape: Shape(dimensions(of: tensor)), storage: storage(of: tensor))
            if let whole { result.append(whole, named: name(of: tensor)) }
        }
        return result
    }

    private func storage(of tensor: PackedTensor) -> TensorStorage {
        let header = tensorHeader(tensor.index)
        guard header.isKept, let kept else { return TensorStorage(copying: tensor.bytes) }
        return kept[Int(header.start)]
    }
}

/// A tensor of a ``PackedPrediction``, valid as long as that is.
struct PackedTensor {
    let elementType: ElementType
    let count: Int
    /// Elements of each row; -1 where they do not divide evenly among the rows.
    let columns: Int
    /// As in ``TensorStorage``.
    let bytes: UnsafeRawBufferPointer
    /// Its place among the inputs and outputs.
    let index: Int

    func forEachBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        guard elementType == .bytes else { return }
        BytesLayout.forEach(of: count, in: bytes, body)
    }
}
