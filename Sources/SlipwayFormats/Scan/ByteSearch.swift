// SPDX-License-Identifier: Apache-2.0

/// Finds the first place of each of some byte strings in one pass.
struct ByteSearch {
    private let patterns: [[UInt8]]
    /// For each pattern, how much of it stays matched when the next byte does not fit (Knuth, Morris, Pratt 1977).
    private let fallbacks: [[Int]]
    private var matched: [Int]
    /// Numbers of patterns and the offsets of their ends.
    private(set) var found: [(pattern: Int, offset: Int)] = []

    init(_ patterns: [[UInt8]]) {
        self.patterns = patterns
        fallbacks = patterns.map(Self.fallbacks)
        matched = patterns.map { _ in 0 }
    }

    mutating func run(_ source: any ByteSource) throws(FormatError) {
        let bytes = ForwardBytes(source, from: 0)
        while try bytes.fill() {
            feed(bytes.window[bytes.cursor], at: bytes.offset)
            bytes.cursor += 1
        }
    }

    mutating func feed(_ byte: UInt8, at offset: Int) {
        for index in patterns.indices {
            var count = matched[index]
            while count > 0, count == patterns[index].count || patterns[index][count] != byte {
                count = fallbacks[index][count - 1]
            }
            if patterns[index][count] == byte { count += 1 }
            matched[index] = count
            if count == patterns[index].count, !found.contains(where: { $0.pattern == index }) {
                found.append((index, offset))
            }
        }
    }

    private static func fallbacks(_ pattern: [UInt8]) -> [Int] {
        var result = [Int](repeating: 0, count: pattern.count)
        var count = 0
        for index in pattern.indices.dropFirst() {
            while count > 0, pattern[count] != pattern[index] { count = result[count - 1] }
            if pattern[count] == pattern[index] { count += 1 }
            result[index] = count
        }
        return result
    }
}

/// Finds pieces of JSON, however they are spaced and escaped, in a file that may hold anything else too.
struct JSONSearch {
    private let patterns: [String]
    private var search: ByteSearch
    /// What of `\uXXXX` has been read.
    private var escape: [UInt8] = []
    /// The values of `"module"`, with the offsets of their ends; as many as matter.
    private(set) var modules: [String: Int] = [:]
    private static let moduleKey = Array(#""module":""#.utf8)
    private var keyCount = 0
    private var module: [UInt8] = []

    /// - Parameter patterns: JSON without spaces and escapes; not empty.
    init(_ patterns: [String]) {
        self.patterns = patterns
        search = ByteSearch(patterns.map { Array($0.utf8) })
    }

    /// The patterns that were found, with the offsets of their ends.
    var found: [(String, Int)] { search.found.map { (patterns[$0.pattern], $0.offset) } }

    mutating func run(_ source: any ByteSource) throws(FormatError) {
        let bytes = ForwardBytes(source, from: 0)
        while try bytes.fill() {
            feed(bytes.window[bytes.cursor], at: bytes.offset)
            bytes.cursor += 1
        }
    }

    private mutating func take(_ byte: UInt8, at offset: Int) {
        search.feed(byte, at: offset)
        guard keyCount == Self.moduleKey.count else {
            // The key begins again with its first letter only.
            if byte == Self.moduleKey[keyCount] {
                keyCount += 1
            } else {
                keyCount = byte == Self.moduleKey[0] ? 1 : 0
            }
            return
        }
        if byte != UInt8(ascii: "\""), module.count < 200 { return module.append(byte) }
        let name = String(decoding: module, as: UTF8.self)
        if modules.count < 100, modules[name] == nil { modules[name] = offset }
        (keyCount, module) = (0, [])
    }

    private mutating func feed(_ byte: UInt8, at offset: Int) {
        if escape.isEmpty {
            switch byte {
            case 0x5C: escape = [byte]
            case 0x20, 0x09, 0x0A, 0x0D: break
            default: take(byte, at: offset)
            }
            return
        }
        escape.append(byte)
        guard escape[1] == UInt8(ascii: "u"), escape.count < 6 else {
            let code = escape.count == 6 ? UInt32(String(decoding: escape[2...], as: UTF8.self), radix: 16) : nil
            // Other escapes and characters beyond ASCII are in no pattern; a byte that is in none stands for them.
            take(code.flatMap { UInt8(exactly: $0) } ?? 0, at: offset)
            escape = []
            return
        }
    }
}
