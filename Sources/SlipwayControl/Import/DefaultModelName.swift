// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What a model is called where nobody says: by its file, or by its folder where the file's name tells nothing.
package enum DefaultModelName {
    /// Names that say only that a file is a model.
    private static let generic: Set<String> = [
        "model", "models", "pipeline", "saved_model", "inference", "weights", "estimator", "clf", "classifier",
        "pytorch_model", "tf_model", "export", "-", "",
    ]

    /// - Parameter path: A file, a folder, or the name that a file had where it came from.
    /// - Returns: `nil` where nothing in the path could be a name.
    package static func of(_ path: String) -> String? {
        let parts = path.split(separator: "/").map(String.init).filter { $0 != "." && $0 != ".." }
        guard let last = parts.last else { return nil }
        let own = name(last)
        if let own, !generic.contains(own) { return own }
        return parts.dropLast().last.flatMap(name) ?? own
    }

    /// A file's name without its endings, as a model may be called.
    private static func name(_ file: String) -> String? {
        var stem = Substring(file)
        // `fraud.onnx` and `fraud.joblib.gz`, but not `fraud-1.2`.
        while let dot = stem.lastIndex(of: "."), dot > stem.startIndex, isEnding(stem[stem.index(after: dot)...]) {
            stem = stem[..<dot]
        }
        if let split = stem.firstRange(of: "-00001-of-") { stem = stem[..<split.lowerBound] }
        let letters = stem.unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": scalar
            default: "-"
            }
        }
        var name = String(String.UnicodeScalarView(letters)).lowercased()[...]
        while let first = name.first, !(first.isLetter || first.isNumber) { name.removeFirst() }
        while let last = name.last, !(last.isLetter || last.isNumber) { name.removeLast() }
        let text = String(name.prefix(100))
        do {
            try ModelReference.checkName(text)
            return text
        } catch {
            return nil
        }
    }

    private static func isEnding(_ text: Substring) -> Bool {
        (1...11).contains(text.count) && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
            && text.contains { $0.isLetter }
    }
}
