// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Predictions packed one after another in one piece of memory.
package struct PredictionBatch: Sendable {
    /// Bytes of usual batches: some hundred requests of a tabular model.
    private static let usualBytes = 64 << 10
    /// Forms of one batch: the next one is looked for among them.
    private static let maximumForms = 64

    private var words: [UInt64] = []
    private var used = 0
    /// Of all predictions; those of earlier ones stay, for the next are mostly of the same.
    private var forms: [PredictionForm] = []
    private var lastForm = 0
    /// Tensors too large to be copied.
    private var kept: [TensorStorage] = []
    package private(set) var count = 0
    /// Of the predictions, those of their kept tensors included.
    package private(set) var byteCount = 0

    init() {}

    package init(_ predictions: [PredictionObservation]) {
        let packers = predictions.compactMap(PredictionPacker.init)
        words = [UInt64](repeating: 0, count: packers.reduce(0) { $0 + $1.byteCount } / 8)
        for packer in packers { append(packer) }
    }

    /// Copies of predictions, which are valid longer then than their own batch.
    package init(copying predictions: [PackedPrediction]) {
        words = [UInt64](repeating: 0, count: predictions.reduce(0) { $0 + $1.byteCount } / 8)
        for prediction in predictions {
            let range = used..<(used + prediction.byteCount)
            let form = place(of: prediction.form)
            words.withUnsafeMutableBytes {
                prediction.copy(to: UnsafeMutableRawBufferPointer(rebasing: $0[range]), form: form, keeping: &kept)
            }
            grow(to: range.upperBound, by: prediction.byteCount + prediction.keptBytes)
        }
    }

    // MARK: Writing

    func hasRoom(for packer: PredictionPacker) -> Bool {
        words.count * 8 - used >= packer.byteCount && (count == 0 || forms.count < Self.maximumForms)
    }

    /// Takes memory for usual predictions and at least for this one, unless it has it.
    ///
    /// - Precondition: it is empty.
    mutating func makeRoom(for packer: PredictionPacker) {
        guard !hasRoom(for: packer) else { return }
        words = [UInt64](repeating: 0, count: max(Self.usualBytes, packer.byteCount) / 8)
    }

    /// - Precondition: ``hasRoom(for:)``.
    mutating func append(_ packer: PredictionPacker) {
        let range = used..<(used + packer.byteCount)
        let form = form(of: packer.prediction)
        words.withUnsafeMutableBytes {
            packer.write(to: UnsafeMutableRawBufferPointer(rebasing: $0[range]), form: form, keeping: &kept)
        }
        grow(to: range.upperBound, by: packer.byteCount + packer.keptBytes)
    }

    private mutating func grow(to end: Int, by bytes: Int) {
        used = end
        count += 1
        byteCount += bytes
    }

    private mutating func place(of form: PredictionForm) -> Int {
        if lastForm < forms.count, forms[lastForm] === form { return lastForm }
        lastForm = forms.firstIndex { $0 === form } ?? forms.count
        if lastForm == forms.count { forms.append(form) }
        return lastForm
    }

    private mutating func form(of prediction: PredictionObservation) -> Int {
        if lastForm < forms.count, forms[lastForm].fits(prediction) { return lastForm }
        lastForm = forms.firstIndex { $0.fits(prediction) } ?? forms.count
        if lastForm == forms.count { forms.append(PredictionForm(prediction)) }
        return lastForm
    }

    mutating func removeAll() {
        if forms.count > Self.maximumForms / 2 { forms = [] }
        used = 0
        count = 0
        byteCount = 0
        kept.removeAll(keepingCapacity: true)
    }

    /// Whether its memory is that of most batches, and is worth keeping.
    var isUsual: Bool { words.count * 8 == Self.usualBytes }

    // MARK: Reading

    /// Calls `body` with all predictions, in their order; they are valid during the call only.
    package func withPredictions<R>(_ body: ([PackedPrediction]) throws -> R) rethrows -> R {
        try words.withUnsafeBytes { bytes in
            try kept.withUnsafeBufferPointer { kept in
                var predictions: [PackedPrediction] = []
                predictions.reserveCapacity(count)
                guard let base = bytes.baseAddress else { return try body([]) }
                var offset = 0
                while offset < used {
                    let header = (base + offset).load(as: PackedPrediction.Header.self)
                    predictions.append(
                        PackedPrediction(base + offset, kept: kept.baseAddress, form: forms[Int(header.form)]))
                    offset += Int(header.byteCount)
                }
                return try withExtendedLifetime(forms) { try body(predictions) }
            }
        }
    }

    /// The same in groups of one endpoint each, in its order.
    package func withGroups(_ body: ([PackedPrediction]) -> Void) {
        withPredictions { predictions in
            for group in predictions.groups(by: \.endpoint) { body(group) }
        }
    }
}

extension [PackedPrediction] {
    /// Those that are alike together, in their order.
    func groups<Key: Hashable>(by key: (PredictionForm) -> Key) -> [[PackedPrediction]] {
        guard let first else { return [] }
        // Nearly always all are of one form.
        guard contains(where: { $0.form !== first.form }) else { return [self] }
        var places: [Key: Int] = [:]
        var groups: [[PackedPrediction]] = []
        for prediction in self {
            let key = key(prediction.form)
            let place = places[key] ?? groups.count
            if place == groups.count {
                places[key] = place
                groups.append([])
            }
            groups[place].append(prediction)
        }
        return groups
    }
}
