// SPDX-License-Identifier: Apache-2.0

import CSlipwayLlama
import SlipwayCore
import SlipwayEngine

/// A KV cache that all sequences share, and what computes on it.
final class LlamaSession: LanguageSession {
    let cellCount: Int
    let canTrim: Bool
    let residentBytes: Int
    var stopper: any DecodeStopper { context }

    private let context: LlamaContext
    private let handle: OpaquePointer
    private let library: LlamaLibrary
    private let vectorWidth: Int

    init(_ options: SessionOptions, model: LlamaModel) throws(EngineError) {
        var given = SlwSessionOptions(
            cells: UInt32(clamping: options.cells), batch: UInt32(clamping: options.batch),
            sequences: UInt32(clamping: options.sequences), outputs: UInt32(clamping: options.outputs),
            threads: Int32(clamping: options.threads), embeds: options.pooling != nil,
            pooling: (options.pooling ?? .unspecified).rawValue, kv_type: options.cacheType.number)
        var handle: OpaquePointer?
        var error = SlwError()
        let code = model.library.api.session_new(model.handle, &given, &handle, &error)
        guard code == 0, let handle else { throw LlamaFailure(error).error(at: .session) }
        library = model.library
        self.handle = handle
        context = LlamaContext(handle: handle, model: model)
        cellCount = Int(library.api.session_cells(handle))
        canTrim = library.api.session_can_trim(handle)
        residentBytes = Int(clamping: library.api.session_bytes(handle))
        vectorWidth = max(model.facts.embeddingWidth, model.facts.classCount)
    }

    func decode(_ batch: TokenBatch) -> DecodeOutcome {
        var error = SlwError()
        let outcome = batch.tokens.withUnsafeBufferPointer { tokens in
            batch.positions.withUnsafeBufferPointer { positions in
                batch.sequences.withUnsafeBufferPointer { sequences in
                    batch.outputs.withUnsafeBufferPointer { outputs in
                        var given = SlwBatch(
                            count: Int32(clamping: batch.count), tokens: tokens.baseAddress,
                            positions: positions.baseAddress, sequences: sequences.baseAddress,
                            outputs: outputs.baseAddress)
                        return library.api.decode(handle, &given, &error)
                    }
                }
            }
        }
        switch Int(outcome) {
        case SLW_DECODED: return .decoded
        case SLW_NO_ROOM: return .noRoom
        case SLW_ABORTED: return .stopped
        default: return .failed(LlamaFailure(error).message)
        }
    }

    func sample(
        _ sampler: any TokenSampler, output: Int, alternatives: Int?
    ) throws(EngineError) -> SampledToken {
        guard let sampler = sampler as? LlamaSampler else {
            throw EngineError(code: .executionFailed, message: "the sampler is another engine's")
        }
        return try choose(alternatives) { chosen, best, count, error in
            library.api.sample(
                handle, sampler.handle, Int32(clamping: output), alternatives.map { Int32(clamping: $0) } ?? -1,
                &chosen, best, &count, &error)
        }
    }

    func score(_ token: TokenID, output: Int, alternatives: Int) throws(EngineError) -> SampledToken {
        try choose(alternatives) { chosen, best, count, error in
            library.api.score(
                handle, Int32(clamping: output), token, Int32(clamping: alternatives), &chosen, best, &count, &error)
        }
    }

    func copy(_ source: SequenceID, to target: SequenceID, positions: Range<Int>) {
        library.api.sequence_copy(
            handle, source, target, Int32(clamping: positions.lowerBound), Int32(clamping: positions.upperBound))
    }

    func remove(_ sequence: SequenceID, from start: Int) {
        let isRemoved = library.api.sequence_remove(handle, sequence, Int32(clamping: start), -1)
        // A part that cannot be removed must not stay: all of it goes, which is always possible.
        if !isRemoved { _ = library.api.sequence_remove(handle, sequence, 0, -1) }
    }

    func save(_ sequence: SequenceID) throws(EngineError) -> [UInt8] {
        var state = SlwText()
        var error = SlwError()
        guard library.api.sequence_save(handle, sequence, &state, &error) == 0 else {
            throw LlamaFailure(error).error(at: .run)
        }
        return library.take(state)
    }

    func restore(_ state: [UInt8], as sequence: SequenceID) throws(EngineError) {
        var error = SlwError()
        let code = state.withCharacters { library.api.sequence_restore(handle, sequence, $0, $1, &error) }
        guard code == 0 else { throw LlamaFailure(error).error(at: .run) }
    }

    func embedding(of sequence: SequenceID) -> [Float] {
        [Float](unsafeUninitializedCapacity: vectorWidth) { buffer, initialized in
            let count = library.api.sequence_embedding(handle, sequence, buffer.baseAddress, Int32(buffer.count))
            initialized = max(0, min(Int(count), buffer.count))
        }
    }

    private func choose(
        _ alternatives: Int?,
        _ call: (inout SlwCandidate, UnsafeMutablePointer<SlwCandidate>?, inout Int32, inout SlwError) -> Int32
    ) throws(EngineError) -> SampledToken {
        var chosen = SlwCandidate()
        var count: Int32 = 0
        var error = SlwError()
        guard let alternatives, alternatives > 0 else {
            guard call(&chosen, nil, &count, &error) == 0 else { throw LlamaFailure(error).error(at: .run) }
            return SampledToken(token: chosen.token, logProbability: chosen.log_probability)
        }
        var code: Int32 = 0
        let best = [SlwCandidate](unsafeUninitializedCapacity: alternatives) { buffer, initialized in
            code = call(&chosen, buffer.baseAddress, &count, &error)
            initialized = code == 0 ? max(0, min(Int(count), buffer.count)) : 0
        }
        guard code == 0 else { throw LlamaFailure(error).error(at: .run) }
        return SampledToken(
            token: chosen.token, logProbability: chosen.log_probability,
            alternatives: best.map { .init(token: $0.token, logProbability: $0.log_probability) })
    }
}

extension SessionOptions.CacheType {
    /// As the library numbers them.
    fileprivate var number: Int32 {
        switch self {
        case .f16: 0
        case .q8: 1
        case .f32: 2
        }
    }
}
