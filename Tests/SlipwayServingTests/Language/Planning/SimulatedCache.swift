// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayServing
import Testing

/// A KV cache that holds what llama.cpp's unified one would, and complains of what that one would not take.
///
/// A cell's content is a hash of the content before it in its sequence and of its token, so a token that saw a wrong
/// prefix, however long ago, samples another successor.
final class SimulatedCache {
    private struct Cell {
        var token: TokenID
        var content: UInt64
        var holders = 1
    }

    let capacity: Int
    private let sequenceLimit: Int
    private var cells: [Int: Cell] = [:]
    private var nextCell = 0
    private var sequences: [SequenceID: [Int]] = [:]
    private var saved: [GenerationID: [(TokenID, UInt64)]] = [:]
    private(set) var problems: [String] = []

    init(capacity: Int, sequences: Int) {
        self.capacity = capacity
        sequenceLimit = sequences
    }

    var cellCount: Int { cells.count }
    var savedCount: Int { saved.count }
    var sequenceCount: Int { sequences.count }

    func tokens(of sequence: SequenceID) -> [TokenID] {
        (sequences[sequence] ?? []).compactMap { cells[$0]?.token }
    }

    func perform(_ action: PlannedStep.Action) {
        switch action {
        case .copy(let source, let target, let positions): copy(source, target, positions)
        case .remove(let sequence, let start): remove(sequence, from: start)
        case .save(let sequence, let id):
            check(sequences[sequence]?.isEmpty == false, "save of nothing")
            check(saved[id] == nil, "saved twice")
            saved[id] = (sequences[sequence] ?? []).compactMap { cells[$0].map { ($0.token, $0.content) } }
        case .restore(let id, let sequence):
            check(sequences[sequence] == nil, "restore into a sequence in use")
            guard let state = saved[id] else { return check(false, "restore of nothing") }
            check(cellCount + state.count <= capacity, "restore without room")
            for (token, content) in state { add(token, content, to: sequence) }
        case .discard(let id):
            check(saved.removeValue(forKey: id) != nil, "discard of nothing")
        }
    }

    /// Whether there is room for a step's work.
    func hasRoom(_ step: PlannedStep) -> Bool { cellCount + step.tokenCount <= capacity }

    /// Computes a step's work.
    ///
    /// - Returns: What would be sampled after each of a work's tokens.
    func decode(_ step: PlannedStep) -> [GenerationID: [TokenID]] {
        var outputs: [GenerationID: [TokenID]] = [:]
        check(hasRoom(step), "no room")
        for work in step.work {
            check((sequences[work.sequence]?.count ?? 0) == work.start, "positions are not contiguous")
            check(outputs[work.id] == nil, "a job twice in a step")
            var content = sequences[work.sequence]?.last.flatMap { cells[$0]?.content } ?? Self.beginning
            outputs[work.id] = []
            for token in work.tokens {
                content = Self.mix(content, token)
                add(token, content, to: work.sequence)
                outputs[work.id]?.append(Self.successor(of: content))
            }
        }
        return outputs
    }

    /// An aborted decode: cells of some positions are there and hold rubbish.
    func abort(_ step: PlannedStep, tokens: Int) {
        var left = tokens
        for work in step.work {
            for _ in work.tokens where left > 0 {
                add(-1, 0, to: work.sequence)
                left -= 1
            }
        }
    }

    /// What a prompt is continued with, computed alone.
    static func continuation(of prompt: [TokenID], count: Int) -> [TokenID] {
        var content = prompt.reduce(beginning) { mix($0, $1) }
        var tokens: [TokenID] = []
        while tokens.count < count {
            tokens.append(successor(of: content))
            content = mix(content, tokens[tokens.count - 1])
        }
        return tokens
    }

    private static let beginning: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func mix(_ content: UInt64, _ token: TokenID) -> UInt64 {
        var mixed = (content ^ UInt64(UInt32(bitPattern: token))) &* 0xBF58_476D_1CE4_E5B9
        mixed ^= mixed >> 29
        return mixed &* 0x94D0_49BB_1331_11EB
    }

    /// Few tokens, so that texts repeat and share prefixes by chance.
    private static func successor(of content: UInt64) -> TokenID { TokenID((content >> 33) % 4) }

    private func copy(_ source: SequenceID, _ target: SequenceID, _ positions: Range<Int>) {
        check(target < sequenceLimit && target >= 0, "sequence out of range")
        check(sequences[target] == nil, "copy into a sequence in use")
        check(positions.lowerBound == 0 && !positions.isEmpty, "copy of no prefix")
        let held = sequences[source] ?? []
        guard held.count >= positions.upperBound else { return check(false, "copy of what is not there") }
        sequences[target] = Array(held[positions])
        for cell in held[positions] { cells[cell]?.holders += 1 }
    }

    private func remove(_ sequence: SequenceID, from start: Int) {
        guard let held = sequences[sequence], start < held.count else { return }
        for cell in held[start...] {
            cells[cell]?.holders -= 1
            if cells[cell]?.holders == 0 { cells[cell] = nil }
        }
        sequences[sequence] = start == 0 ? nil : Array(held[..<start])
    }

    private func add(_ token: TokenID, _ content: UInt64, to sequence: SequenceID) {
        check(sequence < sequenceLimit && sequence >= 0, "sequence out of range")
        cells[nextCell] = Cell(token: token, content: content)
        sequences[sequence, default: []].append(nextCell)
        nextCell += 1
    }

    private func check(_ isRight: Bool, _ problem: String) {
        if !isRight { problems.append(problem) }
    }
}
