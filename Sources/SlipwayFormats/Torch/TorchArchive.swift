// SPDX-License-Identifier: Apache-2.0

/// A file that PyTorch wrote, listed without running anything in it.
public struct TorchArchive: Sendable {
    public enum Kind: Sendable, Hashable {
        /// Weights and code in TorchScript.
        case torchScript
        /// An exported program (`.pt2`): a graph, and weights.
        case exported
        /// Weights by name, alone or inside of a checkpoint; no code.
        case stateDict
        /// A pickled module: weights, and the name of a class whose code is elsewhere.
        case module
    }

    public let kind: Kind
    /// Whether it is the format from before PyTorch 1.6.
    public let isLegacy: Bool
    /// What the file's `version` record says, or that of its archive format; `nil` without one.
    public let version: String?
    public let tensors: [TorchTensor]
    /// Code of a TorchScript model.
    public let code: [TorchCodeFile]
    /// Tensors that a TorchScript model's code refers to.
    public let constants: [TorchTensor]
    /// What the model takes; empty where the file does not tell.
    public let inputs: [TorchInput]
    /// The class of a module; `nil` for others.
    public let className: String?
    /// What was odd in its pickles.
    public let findings: [PickleFinding]
    /// Operators of an exported program.
    public let operators: [String]
    let content: Content

    /// Where the elements lie.
    enum Content: Sendable {
        case zip(TorchZip, isBigEndian: Bool)
        case legacy(any ByteSource, [String: Range<Int>])
    }

    /// - Throws: ``FormatError`` as ``init(_:limits:)`` does, or `missingFile`.
    public init(path: String, limits: TorchLimits = TorchLimits()) throws(FormatError) {
        try self.init(FileSource(path: path), limits: limits)
    }

    /// Reads what a file says of itself, not its weights.
    ///
    /// - Throws: ``FormatError`` `unsupported` for a file that PyTorch did not write, `malformed`, `truncated` or
    ///   `limitExceeded` for one that is damaged.
    public init(_ source: any ByteSource, limits: TorchLimits = TorchLimits()) throws(FormatError) {
        if TorchLegacy.isLegacy(try source.prefix(at: 0, upTo: 64)) {
            try self.init(legacy: source, limits)
            return
        }
        guard try source.prefix(at: 0, upTo: 4) == [0x50, 0x4B, 3, 4] else {
            throw FormatError(
                .unsupported, "the file is neither a zip file nor the older format of torch.save; is it PyTorch's?")
        }
        let zip = try TorchZip(source)
        if zip.has("serialized_exported_program.json") || zip.has("archive_format") {
            try self.init(exported: zip, limits)
        } else {
            try self.init(pickled: zip, limits)
        }
    }

    private init(legacy source: any ByteSource, _ limits: TorchLimits) throws(FormatError) {
        let file = try TorchLegacy(source, limits: limits)
        kind = file.walk.rootType == nil ? .stateDict : .module
        isLegacy = true
        version = nil
        tensors = file.walk.tensors
        (code, constants, inputs, operators) = ([], [], [], [])
        className = file.walk.rootType?.description
        findings = file.findings
        content = .legacy(source, file.storages)
    }

    private init(pickled zip: TorchZip, _ limits: TorchLimits) throws(FormatError) {
        guard let pickle = try zip.source("data.pkl") else {
            throw FormatError(.unsupported, "the zip file has no data.pkl; it is not a file that torch.save wrote")
        }
        let document = try Self.located("data.pkl") { () throws(FormatError) in
            try PickleReader.read(pickle, limits: limits.pickle)
        }
        let walk = try TorchTensorWalk(document.value, limits: limits)
        var findings = document.findings
        var constants: [TorchTensor] = []
        let isScript = zip.has("constants.pkl")
        if isScript, let pickle = try zip.source("constants.pkl") {
            let document = try Self.located("constants.pkl") { () throws(FormatError) in
                try PickleReader.read(pickle, limits: limits.pickle)
            }
            constants = try TorchTensorWalk(document.value, limits: limits, isConstant: true).tensors
            findings += document.findings
        }
        kind = isScript ? .torchScript : walk.rootType == nil ? .stateDict : .module
        isLegacy = false
        version = try zip.text("version")
        tensors = walk.tensors
        self.constants = constants
        code = isScript ? Self.code(zip) : []
        inputs = isScript ? try Self.inputs(walk.rootType, zip, limits) : []
        className = walk.rootType?.description
        self.findings = findings
        operators = []
        content = .zip(zip, isBigEndian: try zip.text("byteorder") == "big")
    }

    private init(exported zip: TorchZip, _ limits: TorchLimits) throws(FormatError) {
        let older = "serialized_exported_program.json"
        let models = zip.names.filter { $0.hasPrefix("models/") && $0.hasSuffix(".json") }.sorted()
        guard let name = zip.has(older) ? older : models.first, let text = try zip.source(name) else {
            throw FormatError(
                .unsupported, "the archive holds no exported program; one that is compiled already cannot be exported")
        }
        guard text.byteCount <= limits.textByteCount else {
            throw FormatError(.limitExceeded, "the program's description has \(text.byteCount) bytes", at: name)
        }
        let program = try Self.located(name) { () throws(FormatError) in
            try TorchProgram(JSONReader.read(text), limits: limits)
        }
        kind = .exported
        isLegacy = false
        let archiveVersion = try zip.text("archive_version")
        let olderVersion = try zip.text("version")
        version = archiveVersion ?? olderVersion
        tensors = program.tensors
        inputs = program.inputs
        operators = program.operators
        (code, constants, className, findings) = ([], [], nil, [])
        content = .zip(zip, isBigEndian: try zip.text("byteorder") == "big")
    }

    private static func located<R>(
        _ name: String, _ body: () throws(FormatError) -> R
    ) throws(FormatError) -> R {
        do throws(FormatError) {
            return try body()
        } catch {
            throw FormatError(error.code, "\(name): \(error.message)", at: error.location, cause: error)
        }
    }

    private static func code(_ zip: TorchZip) -> [TorchCodeFile] {
        zip.names.filter { $0.hasPrefix("code/") && $0.hasSuffix(".py") }.sorted().map {
            TorchCodeFile(name: $0, byteCount: zip.byteCount($0) ?? 0)
        }
    }

    /// What `forward` of the module's class takes; nothing where its code is not found.
    private static func inputs(
        _ type: PickleName?, _ zip: TorchZip, _ limits: TorchLimits
    ) throws(FormatError) -> [TorchInput] {
        guard let type else { return [] }
        let file = "code/" + type.module.replacing(".", with: "/") + ".py"
        guard let text = try zip.text(file, limit: min(limits.textByteCount, 16 << 20)) else { return [] }
        return TorchCode.inputs(of: type.name, in: text) ?? []
    }

    /// The code of one file of ``code``, for people.
    ///
    /// - Throws: ``FormatError`` `limitExceeded` for more than 16 MiB.
    public func text(of file: TorchCodeFile) throws(FormatError) -> String? {
        guard case .zip(let zip, _) = content else { return nil }
        return try zip.text(file.name, limit: 16 << 20)
    }
}
