// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwaySecurity
import Testing

@Suite("A bundle's digest")
struct BundleDigestTests {
    private func file(_ path: String, _ content: String = "x", byteCount: Int = 1) -> BundleFile {
        BundleFile(path: path, digest: SHA256Hasher.digest(of: Array(content.utf8)), byteCount: byteCount)
    }

    @Test("is the sha256 of the canonical list")
    func canonicalList() {
        let hex = SHA256Hasher.digest(of: Array("x".utf8)).hex
        let list = "a\u{0}\(hex)\u{0}1\nb/c\u{0}\(hex)\u{0}20\n"
        let digest = BundleDigest.of(files: [file("b/c", byteCount: 20), file("a")])
        #expect(digest == SHA256Hasher.digest(of: Array(list.utf8)))
    }

    @Test("does not depend on the order of the files")
    func order() {
        let files = [file("a"), file("B"), file("ä"), file("a/b")]
        #expect(BundleDigest.of(files: files) == BundleDigest.of(files: files.reversed()))
    }

    @Test("differs with every path, content and size")
    func differences() {
        let bundles = [
            [file("a")], [file("b")], [file("a", "y")], [file("a", byteCount: 2)], [file("a"), file("b")],
            // Equal to Swift's comparison of strings, and different files to the file system.
            [file("\u{E9}")], [file("e\u{301}")],
        ]
        #expect(Set(bundles.map { BundleDigest.of(files: $0) }).count == bundles.count)
    }
}

@Suite("A path in a bundle")
struct BundlePathTests {
    @Test(
        "is split into its components",
        arguments: [
            ("a", ["a"]), ("a/b.bin", ["a", "b.bin"]), ("...", ["..."]), ("a b/ü", ["a b", "ü"]),
        ])
    func accepted(path: String, components: [String]) throws {
        #expect(try BundlePath.check(path) == components)
    }

    @Test(
        "is refused when it is too long",
        arguments: [
            String(repeating: "a", count: 256), String(repeating: "a/", count: 512) + "a",
        ])
    func tooLong(path: String) {
        #expect(throws: RegistryError.self) { try BundlePath.check(path) }
    }
}

@Suite("An error of the registry")
struct RegistryErrorTests {
    @Test(
        "has the category its status comes from",
        arguments: [
            (RegistryError.Code.notFound, ErrorCategory.notFound), (.conflict, .conflict), (.inUse, .conflict),
            (.invalid, .invalidInput), (.storeUnavailable, .unavailable), (.storeFull, .outOfResources),
            (.corrupt, .corrupt), (.storeTooNew, .unsupported),
        ])
    func category(code: RegistryError.Code, category: ErrorCategory) {
        #expect(RegistryError(code, "").category == category)
    }

    @Test("lists at most twenty names")
    func listed() {
        #expect(RegistryError.listed(["a", "b"]) == "[a, b]")
        #expect(RegistryError.listed((1...25).map(String.init)).hasSuffix("20 and 5 more]"))
    }
}

@Suite("A version's record")
struct VersionRecordTests {
    @Test("adds up its files without a trap", arguments: [([1, 2], 3), ([], 0), ([.max, 1], .max)] as [([Int], Int)])
    func byteCount(sizes: [Int], total: Int) {
        let digest = SHA256Hasher.digest(of: [])
        let draft = VersionDraft(
            model: "m", digest: digest, format: .onnx, engine: "onnxruntime",
            signature: ModelSignature(inputs: [], outputs: []),
            files: sizes.map { BundleFile(path: "a", digest: digest, byteCount: $0) }, primaryPath: "a",
            lineage: Lineage(sourceName: "a", sourceDigest: digest), metadata: [:])
        let record = VersionRecord(
            id: VersionID(model: "m", number: 1), createdAt: Timestamp(milliseconds: 0), draft: draft)
        #expect(record.byteCount == total)
    }
}
