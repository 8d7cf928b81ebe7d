// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Writes pickles of estimators that no scikit-learn would save; lists stand for arrays.
indirect enum PickleText: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case text(String)
    case list([PickleText])
    case tuple([PickleText])
    /// An instance with attributes.
    case object(String, String, [(String, PickleText)])
    /// An instance that is an attribute of itself.
    case loop(String, String, String)
    /// Remembered under a number, and what was remembered.
    case keep(Int, PickleText)
    case kept(Int)

    /// A fitted scaler of one column.
    static let scaler = PickleText.object(
        "sklearn.preprocessing._data", "StandardScaler",
        [("n_features_in_", .int(1)), ("mean_", .list([.double(1)])), ("scale_", .list([.double(2)]))])

    static func pipeline(_ steps: [(String, PickleText)]) -> PickleText {
        .object("sklearn.pipeline", "Pipeline", [("steps", .list(steps.map { .tuple([.text($0), $1]) }))])
    }

    var document: PickleDocument {
        get throws { try PickleReader.read([0x80, 2] + bytes + Array(".".utf8)) }
    }

    private var bytes: [UInt8] {
        switch self {
        case .none: Array("N".utf8)
        case .bool(let value): [value ? 0x88 : 0x89]
        case .int(let value): Array("I\(value)\n".utf8)
        case .double(let value): Array("F\(value)\n".utf8)
        case .text(let value): Array("V\(value)\n".utf8)
        case .list(let items): Array("(".utf8) + items.flatMap(\.bytes) + Array("l".utf8)
        case .tuple(let items): Array("(".utf8) + items.flatMap(\.bytes) + Array("t".utf8)
        case .object(let module, let name, let attributes):
            Array("c\(module)\n\(name)\n)".utf8) + [0x81] + Array("(".utf8)
                + attributes.flatMap { PickleText.text($0).bytes + $1.bytes } + Array("db".utf8)
        case .loop(let module, let name, let attribute):
            Array("c\(module)\n\(name)\n)".utf8) + [0x81] + Array("p99\n(V\(attribute)\ng99\ndb".utf8)
        case .keep(let number, let value): value.bytes + Array("p\(number)\n".utf8)
        case .kept(let number): Array("g\(number)\n".utf8)
        }
    }
}
