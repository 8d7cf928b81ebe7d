// SPDX-License-Identifier: Apache-2.0

/// How often something happened and how long it took in all.
package struct StatisticDuration: Sendable, Hashable {
    package var count: UInt64
    package var nanoseconds: UInt64

    package init(count: UInt64 = 0, nanoseconds: UInt64 = 0) {
        self.count = count
        self.nanoseconds = nanoseconds
    }

    package mutating func add(_ duration: Duration, times: UInt64 = 1) {
        let (seconds, attoseconds) = duration.components
        count &+= times
        nanoseconds &+= UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
    }
}

/// What one version of a model has done since it was loaded, as the statistics extension tells it.
package struct ModelStatistics: Sendable {
    /// The parts of executions of one batch size.
    package struct Batch: Sendable, Hashable {
        package var batchSize: Int
        package var computeInput: StatisticDuration
        package var computeInfer: StatisticDuration
        package var computeOutput: StatisticDuration

        package init(
            batchSize: Int, computeInput: StatisticDuration = .init(), computeInfer: StatisticDuration = .init(),
            computeOutput: StatisticDuration = .init()
        ) {
            self.batchSize = batchSize
            self.computeInput = computeInput
            self.computeInfer = computeInfer
            self.computeOutput = computeOutput
        }
    }

    /// Memory that the version holds.
    package struct Memory: Sendable, Hashable {
        /// `CPU`, `CPU_PINNED` or `GPU`.
        package var kind: String
        package var id: Int
        package var byteCount: UInt64

        package init(kind: String, id: Int, byteCount: UInt64) {
            self.kind = kind
            self.id = id
            self.byteCount = byteCount
        }
    }

    package var name: String
    package var version: Int
    /// Milliseconds since 1970 of the last request; 0 before the first.
    package var lastInference: UInt64 = 0
    /// Rows inferred: a batch of eight counts eight.
    package var inferenceCount: UInt64 = 0
    /// Runs of the engine.
    package var executionCount: UInt64 = 0
    package var success = StatisticDuration()
    package var fail = StatisticDuration()
    package var queue = StatisticDuration()
    package var computeInput = StatisticDuration()
    package var computeInfer = StatisticDuration()
    package var computeOutput = StatisticDuration()
    package var cacheHit = StatisticDuration()
    package var cacheMiss = StatisticDuration()
    package var batches: [Batch] = []
    package var memory: [Memory] = []

    package init(name: String, version: Int) {
        self.name = name
        self.version = version
    }

    /// `{"model_stats":[...]}`, all numbers as numbers.
    package static func encode(_ models: [ModelStatistics]) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member(
                "model_stats",
                array: { json in
                    for model in models { json.object(model.write) }
                })
        }
        return json.bytes
    }

    private func write(_ json: inout JSONWriter) {
        json.member("name", name)
        json.member("version", String(version))
        json.member("last_inference", lastInference)
        json.member("inference_count", inferenceCount)
        json.member("execution_count", executionCount)
        json.member(
            "inference_stats",
            object: {
                Self.write("success", success, to: &$0)
                Self.write("fail", fail, to: &$0)
                Self.write("queue", queue, to: &$0)
                Self.write("compute_input", computeInput, to: &$0)
                Self.write("compute_infer", computeInfer, to: &$0)
                Self.write("compute_output", computeOutput, to: &$0)
                Self.write("cache_hit", cacheHit, to: &$0)
                Self.write("cache_miss", cacheMiss, to: &$0)
            })
        json.member("response_stats", object: { _ in })
        json.member(
            "batch_stats",
            array: { json in
                for batch in batches {
                    json.object {
                        $0.member("batch_size", batch.batchSize)
                        Self.write("compute_input", batch.computeInput, to: &$0)
                        Self.write("compute_infer", batch.computeInfer, to: &$0)
                        Self.write("compute_output", batch.computeOutput, to: &$0)
                    }
                }
            })
        json.member(
            "memory_usage",
            array: { json in
                for part in memory {
                    json.object {
                        $0.member("type", part.kind)
                        $0.member("id", part.id)
                        $0.member("byte_size", part.byteCount)
                    }
                }
            })
    }

    private static func write(_ name: String, _ duration: StatisticDuration, to json: inout JSONWriter) {
        json.member(
            name,
            object: {
                $0.member("count", duration.count)
                $0.member("ns", duration.nanoseconds)
            })
    }
}
