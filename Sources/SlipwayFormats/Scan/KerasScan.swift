// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Architectures that Keras writes as JSON, in its own files and inside HDF5: what in them is code.
enum KerasScan {
    static func scan(
        _ source: any ByteSource, with scanner: inout FileScanner, member: String?
    ) throws(FormatError) {
        var search = JSONSearch(patterns)
        try search.run(source)
        let modules = search.modules.filter { !isKeras($0.key) }.map { (#""module":"\#($0.key)""#, $0.value) }
        for (pattern, offset) in search.found + modules.sorted(by: { $0.1 < $1.1 }) {
            guard pattern.hasPrefix(#""class_name""#) else {
                scanner.add(
                    ScanFinding(
                        .high,
                        "The model's configuration names a function outside Keras (\(pattern)), which building it "
                            + "would call.", in: member, at: offset,
                        hint: "Do not load it: Keras before 3.9 calls what the file names, even with safe_mode."))
                continue
            }
            scanner.add(
                ScanFinding(
                    .high,
                    "The model has a Lambda layer, whose Python code lies in the file and runs when it is built.",
                    in: member, at: offset,
                    hint: "Replace the layer by layers of Keras and save again; Slipway refuses Lambda layers."))
        }
    }

    private static let patterns =
        [#""class_name":"Lambda""#, #""class_name":"__lambda__""#]
        + ["eval", "exec", "compile", "open", "getattr", "__import__"].map { #""config":"\#($0)""# }

    /// Whether a module holds layers and functions of Keras, and no switches, loaders or downloads.
    private static func isKeras(_ module: String) -> Bool {
        if module == "builtins" { return true }
        guard let root = roots.first(where: { module == $0 || module.hasPrefix($0 + ".") }) else { return false }
        let parts = module.dropFirst(root.count).split(separator: ".").filter { $0 != "src" && $0 != "api" }
        return parts.first.map { !["config", "utils", "saving", "backend", "legacy"].contains($0) } ?? true
    }

    private static let roots = [
        "keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras", "keras_hub", "keras_nlp", "keras_cv",
    ]
}

/// HDF5 files, as Keras and h5py write them.
enum HDF5Scan {
    static func isHDF5(_ head: [UInt8]) -> Bool {
        let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
        return [0, 512, 1024, 2048, 4096, 8192, 16384, 32768].contains { head.has(signature, at: $0) }
    }

    /// Attributes are never compressed, so that the configuration is found in the bytes as they are.
    static func scan(
        _ source: any ByteSource, with scanner: inout FileScanner, member: String?
    ) throws(FormatError) {
        try KerasScan.scan(source, with: &scanner, member: member)
    }
}

/// Files of text and of protobuf that hold code by name.
enum TextScan {
    /// TensorFlow operators that read, write or run what a graph names.
    private static let operators = ["ReadFile", "WriteFile", "PyFunc", "PyFuncStateless", "EagerPyFunc", "ShellRun"]

    /// - Returns: Whether it is a file that is looked into here.
    static func scan(
        _ source: any ByteSource, head: [UInt8], with scanner: inout FileScanner, member: String?
    ) throws(FormatError) -> Bool {
        switch try FormatDetector.detect(source).format {
        case .savedModel, .tensorFlowGraph:
            var search = ByteSearch(operators.map { [0x12, UInt8($0.utf8.count)] + Array($0.utf8) })
            try search.run(source)
            for (index, offset) in search.found {
                scanner.add(
                    ScanFinding(
                        .high,
                        "The graph has the operator \(operators[index]), which reaches files or Python when it runs.",
                        in: member, at: offset, hint: "Do not run it: models compute, and do not read or write files."))
            }
            return true
        default: break
        }
        guard head.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{"),
            head.contains(text: "class_name")
        else { return false }
        try KerasScan.scan(source, with: &scanner, member: member)
        return true
    }
}
