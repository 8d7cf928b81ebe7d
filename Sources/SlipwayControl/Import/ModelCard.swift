// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import SlipwayWire

/// The licence and the description of a model: given by the user, told by its files, or lying beside it.
enum ModelCard {
    static let licenseKey = "license"
    static let cardKey = "card"

    /// Bytes of a card that are kept.
    private static let maximumByteCount = 64 << 10

    /// Beginnings of licence texts, and what their licence is called by SPDX.
    private static let licenses = [
        ("Apache License", "Apache-2.0"), ("MIT License", "MIT"), ("BSD 3-Clause", "BSD-3-Clause"),
        ("BSD 2-Clause", "BSD-2-Clause"), ("GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE", "LGPL"), ("GNU GENERAL PUBLIC LICENSE", "GPL"),
        ("Mozilla Public License", "MPL-2.0"), ("Creative Commons Attribution 4.0", "CC-BY-4.0"),
    ]

    /// Whether a file of a folder is its card or its licence, and so no model.
    static func isCardFile(_ name: String) -> Bool {
        let stem = name.split(separator: ".").first?.uppercased() ?? ""
        return ["README", "LICENSE", "LICENCE", "COPYING", "NOTICE"].contains(stem)
    }

    /// What is added to a version's facts.
    ///
    /// - Parameters:
    ///   - facts: What the model's file says.
    ///   - folder: The folder of the model, where it has one of its own.
    static func facts(
        _ options: ImportOptions, besides facts: [String: String], folder: String?
    ) -> [String: String] {
        let names = folder.flatMap { try? FileFacts.names(in: $0) } ?? []
        let beside = { (stem: String) -> String? in
            guard let folder, let name = names.first(where: { isCardFile($0) && $0.uppercased().hasPrefix(stem) })
            else { return nil }
            return text(folder + "/" + name)
        }
        let readme = beside("README")
        var result: [String: String] = [:]
        result[cardKey] = (options.card ?? readme).map(clean)
        // Exporters write it with and without a capital.
        let told = facts[licenseKey] ?? facts.first { $0.key.lowercased() == "file.license" }?.value
        let found = beside("LICEN") ?? beside("COPYING")
        result[licenseKey] = options.license ?? told ?? readme.flatMap(frontMatter) ?? found.flatMap(spdx)
        return result.compactMapValues { $0.isEmpty ? nil : $0 }
    }

    /// `license: apache-2.0` in the block of YAML that cards of model hubs begin with.
    private static func frontMatter(_ text: String) -> String? {
        guard text.hasPrefix("---\n") else { return nil }
        for line in text.dropFirst(4).split(separator: "\n", maxSplits: 200).prefix(200) {
            if line.hasPrefix("---") { return nil }
            guard line.hasPrefix("license:") else { continue }
            return String(line.dropFirst("license:".count)).trimmed.filter { $0 != "\"" && $0 != "'" }
        }
        return nil
    }

    /// The licence that a text is; its first line where it is none that is known.
    private static func spdx(_ text: String) -> String? {
        let head = text.prefix(2000)
        if let known = licenses.first(where: { head.contains($0.0) }) { return known.1 }
        return text.split(separator: "\n").first.map { String($0.prefix(200)).trimmed }
    }

    private static func text(_ path: String) -> String? {
        guard let source = try? FileSource(path: path),
            let bytes = try? source.bytes(at: 0, count: min(source.byteCount, maximumByteCount))
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Stores take no NUL in texts.
    private static func clean(_ text: String) -> String {
        String(decoding: Array(text.utf8.prefix(maximumByteCount)).filter { $0 != 0 }, as: UTF8.self)
    }
}
