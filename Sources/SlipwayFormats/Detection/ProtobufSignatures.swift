// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Formats that are protobuf messages without a magic number; the fields at the top tell which.
enum ProtobufSignatures {
    static let coreMLAdvice = "Core ML models run on Apple devices only; export the original model to ONNX."

    /// The fields at the top of a message.
    private struct Outline {
        /// The value of field 1 when it is an integer, as version numbers are.
        var firstInteger: Int64?
        var numbers: Set<Int> = []
        /// Fields inside every length-delimited field of the top, by its number.
        var inner: [Int: Set<Int>] = [:]
        /// Those of them that are texts or messages.
        var innerTexts: [Int: Set<Int>] = [:]
        /// Whether the walk came to the end of the file.
        var isComplete = false
    }

    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        let outline = outline(probe.source)
        return onnx(outline) ?? coreML(outline) ?? savedModel(outline) ?? paddle(outline) ?? graph(outline)
    }

    /// A version, and a graph with nodes or outputs, or a list of operator sets. A file that was cut off counts: its
    /// reader can then say what is missing.
    private static func onnx(_ outline: Outline) -> FormatDetection? {
        guard let version = outline.firstInteger, (1...10_000).contains(version) else { return nil }
        let known: Set<Int> = [1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26]
        guard outline.numbers.isSubset(of: known), outline.numbers.contains(7) else { return nil }
        let graph = outline.inner[7] ?? []
        let isGraph = graph.isSubset(of: [1, 2, 5, 10, 11, 12, 13, 14, 15, 16])
        guard isGraph, graph.contains(12) || graph.contains(1) || outline.numbers.contains(8) else { return nil }
        return FormatDetection(.onnx, "The file is an ONNX model.")
    }

    /// A specification version, a description, and a model type, whose numbers begin at 200.
    private static func coreML(_ outline: Outline) -> FormatDetection? {
        guard outline.isComplete, let version = outline.firstInteger, (1...1000).contains(version),
            outline.numbers.contains(2), outline.numbers.contains(where: { (200...3000).contains($0) }),
            outline.numbers.allSatisfy({ [1, 2, 10].contains($0) || (200...3000).contains($0) })
        else { return nil }
        return FormatDetection(.coreML, "The file is a Core ML model.", advice: coreMLAdvice)
    }

    /// `SavedModel { schema_version = 1; meta_graphs = 2 }`, a meta graph with information and a graph.
    private static func savedModel(_ outline: Outline) -> FormatDetection? {
        guard outline.isComplete, outline.firstInteger == 1, outline.numbers == [1, 2],
            let graph = outline.inner[2], graph.contains(1), graph.isSubset(of: Set(1...8)), graph.count > 1
        else { return nil }
        return FormatDetection(
            .savedModel, "The file is the graph of a TensorFlow SavedModel; its variables lie in the folder.")
    }

    /// `ProgramDesc { blocks = 1; version = 4; op_version_map = 5 }`, a block with variables and operators.
    private static func paddle(_ outline: Outline) -> FormatDetection? {
        guard outline.isComplete, outline.firstInteger == nil, outline.numbers.isSubset(of: [1, 4, 5]),
            let block = outline.inner[1], block.isSuperset(of: [1, 2, 3, 4]), block.isSubset(of: Set(1...5)),
            let texts = outline.innerTexts[1], texts == block.intersection([3, 4])
        else { return nil }
        return FormatDetection(
            .paddle, "The file is a PaddlePaddle program; its weights lie in a file beside it that ends in .pdiparams.")
    }

    /// `GraphDef { node = 1; library = 2; version = 3; versions = 4 }`, a node with a name, an operator, inputs, a
    /// device and attributes.
    private static func graph(_ outline: Outline) -> FormatDetection? {
        guard outline.isComplete, outline.firstInteger == nil, outline.numbers.isSubset(of: [1, 2, 3, 4]),
            let node = outline.innerTexts[1], node.isSuperset(of: [1, 2, 5]),
            outline.inner[1]?.isSubset(of: Set(1...7)) == true, node == outline.inner[1]
        else { return nil }
        return FormatDetection(.tensorFlowGraph, "The file is a TensorFlow graph.")
    }

    private static func outline(_ source: any ByteSource) -> Outline {
        var outline = Outline()
        var reader = ProtobufReader(
            source, limits: ProtobufLimits(depth: 2, fieldCount: 1_000_000, stringLength: 0),
            toleratesTruncation: true)
        var walks = 0
        do throws(FormatError) {
            while let field = try reader.nextField() {
                outline.numbers.insert(field.number)
                // No format here has this many kinds of fields: stop early on noise.
                if outline.numbers.count > 40 { return outline }
                if field.wireType == .varint, field.number == 1 {
                    outline.firstInteger = try reader.varint()
                } else if field.wireType == .lengthDelimited, [1, 2, 7].contains(field.number), walks < 8 {
                    walks += 1
                    let (numbers, texts) = innerNumbers(reader)
                    outline.inner[field.number, default: []].formUnion(numbers)
                    outline.innerTexts[field.number, default: []].formUnion(texts)
                }
            }
            outline.isComplete = !reader.isTruncated
        } catch {
            return outline
        }
        return outline
    }

    /// The fields inside the current field, and those that are texts or messages; where that field is text and no
    /// message itself, whatever its bytes look like.
    private static func innerNumbers(_ reader: ProtobufReader) -> (numbers: Set<Int>, texts: Set<Int>) {
        var numbers: Set<Int> = []
        var texts: Set<Int> = []
        var inner = reader
        do throws(FormatError) {
            _ = try inner.enter()
            while let field = try inner.nextField(), numbers.count < 64 {
                numbers.insert(field.number)
                if field.wireType == .lengthDelimited { texts.insert(field.number) }
            }
        } catch {
            return (numbers, texts)
        }
        return (numbers, texts)
    }
}
