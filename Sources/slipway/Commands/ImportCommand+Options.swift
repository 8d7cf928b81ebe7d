// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayFormats
import SlipwayWire

/// What `import` takes for one model.
struct ImportModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Rows to run through the model: .csv, .json, .jsonl, .npz, .npy or .arrow.", valueName: "file"))
    var samples: String?

    @Option(
        help: ArgumentHelp(
            "What the model must answer to the samples; another answer refuses the import.", valueName: "file"))
    var expected: String?

    @Option(help: ArgumentHelp("How far scores may lie from the expected (default 1e-5).", valueName: "number"))
    var tolerance: Double?

    @Option(
        help: ArgumentHelp(
            "The engine that is to run the model; auto tries every one that reads its format (default: the usual one).",
            valueName: "name"))
    var engine: String?

    @Option(help: "Type of the numeric inputs of a converted model (default: what it computes in).")
    var inputType: ConvertCommand.InputType?

    @Option(help: ArgumentHelp("The model's licence (default: what its files say).", valueName: "text"))
    var license: String?

    @Option(help: ArgumentHelp("A description of the model in Markdown.", valueName: "file"))
    var card: String?

    @Option(help: ArgumentHelp("Of a URL or standard input: the sha256 that the file must have.", valueName: "hex"))
    var sha256: String?

    @Option(help: ArgumentHelp("Of a URL or standard input: the most bytes (default 64 GiB).", valueName: "bytes"))
    var maxSize = 64 << 30

    var areGiven: Bool {
        [samples, expected, engine, license, card, sha256].contains { $0 != nil } || tolerance != nil
            || inputType != nil
    }

    func validate() throws {
        guard expected == nil || samples != nil else { throw ValidationError("--expected goes with --samples FILE") }
        if let tolerance, !(tolerance >= 0 && tolerance.isFinite) {
            throw ValidationError("expected --tolerance of 0 or more, got \(tolerance)")
        }
        if let sha256, sha256.utf8.count != 64 || !sha256.allSatisfy(\.isHexDigit) {
            throw ValidationError("--sha256 expected 64 hexadecimal digits, got '\(sha256)'")
        }
        guard maxSize > 0 else { throw ValidationError("expected --max-size of 1 byte or more, got \(maxSize)") }
    }

    /// The whole request; reads the card.
    func request(_ paths: [String], model: String, alias: String?) throws -> ImportRequest {
        var request = ImportRequest(path: paths[0], model: model, alias: alias)
        request.further = Array(paths.dropFirst())
        request.samples = samples
        request.expected = expected
        request.options.tolerance = tolerance
        request.options.engine = engine
        request.options.inputType = inputType?.rawValue
        request.options.license = license
        request.options.card = try card.map(Self.text)
        return request
    }

    /// Bytes of a card.
    private static let maximumCard = 64 << 10

    private static func text(_ path: String) throws -> String {
        let source = try FileSource(path: path)
        guard source.byteCount <= maximumCard else {
            throw ValidationFailure("the card has \(source.byteCount) bytes, expected at most \(maximumCard)")
        }
        return String(decoding: try source.bytes(at: 0, count: source.byteCount), as: UTF8.self)
    }
}
