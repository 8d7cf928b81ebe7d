// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Yams

/// Plain values of mappings that are in no table; what is wrong is told, and `nil` is what is left out or wrong.
extension EndpointFileReader {
    mutating func seconds(_ field: Field?, named name: String) -> Double? {
        guard let field, let text = text(field, named: name) else { return nil }
        guard let time = UnitText.milliseconds(text) else {
            problems.add(field.line, "'\(name)' is '\(text.prefix(64))', expected \(UnitText.timeHint)")
            return nil
        }
        return time / 1000
    }

    mutating func bytes(_ field: Field?, named name: String) -> Int? {
        guard let field, let text = text(field, named: name) else { return nil }
        guard let bytes = UnitText.bytes(text) else {
            problems.add(field.line, "'\(name)' is '\(text.prefix(64))', expected \(UnitText.sizeHint)")
            return nil
        }
        return bytes
    }

    mutating func count(_ field: Field?, named name: String) -> Int? {
        guard let field, let text = text(field, named: name) else { return nil }
        guard let count = Int(text) else {
            problems.add(field.line, "'\(name)' is '\(text.prefix(64))', expected a whole number")
            return nil
        }
        return count
    }

    mutating func number(_ field: Field?, named name: String) -> Double? {
        guard let field, let text = text(field, named: name) else { return nil }
        guard let number = Double(text), number.isFinite else {
            problems.add(field.line, "'\(name)' is '\(text.prefix(64))', expected a number")
            return nil
        }
        return number
    }

    mutating func flag(_ field: Field?, named name: String) -> Bool? {
        guard let field, let text = text(field, named: name) else { return nil }
        guard let flag = ["true": true, "false": false][text] else {
            problems.add(field.line, "'\(name)' is '\(text.prefix(64))', expected true or false")
            return nil
        }
        return flag
    }

    /// One of the words known.
    ///
    /// - Parameter owner: What lacks the key when it is left out, and where; `nil` when it may be.
    mutating func word(
        _ field: Field?, named name: String, among known: [String], owner: (name: String, line: Int)?
    ) -> String? {
        guard let field else {
            if let owner {
                problems.add(owner.line, "the \(owner.name) has no '\(name)'" + NearestWord.hint("", among: known))
            }
            return nil
        }
        guard let text = text(field, named: name) else { return nil }
        guard known.contains(text) else {
            problems.add(field.line, "'\(name)' is '\(text.prefix(64))'" + NearestWord.hint(text, among: known))
            return nil
        }
        return text
    }

    /// A list of names.
    mutating func words(_ field: Field?, named name: String, example: String) -> [String] {
        guard let field else { return [] }
        return items(of: field, named: name, example: example).compactMap { item in
            guard let word = item.scalar?.string, (1...256).contains(word.utf8.count) else {
                problems.add(Self.line(item), "'\(name)' takes a list of names, such as \(example)")
                return nil
            }
            return word
        }
    }
}
