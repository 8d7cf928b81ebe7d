// SPDX-License-Identifier: Apache-2.0

extension MetricsRegistry {
    /// Adds the process's own metrics, the machine's and the build's.
    ///
    /// - Parameter version: The server's version.
    package func provideProcessMetrics(version: String) {
        func provide(_ value: @escaping @Sendable (ProcessResources) -> Double?) -> @Sendable () -> [MetricSample] {
            { ProcessResources.current().flatMap(value).map { [MetricSample($0)] } ?? [] }
        }
        self.provide(MetricCatalogue.residentMemory, provide { Double($0.residentBytes) })
        self.provide(MetricCatalogue.cpuTime, provide { $0.cpuSeconds })
        self.provide(MetricCatalogue.openFiles, provide { Double($0.openFiles) })
        self.provide(MetricCatalogue.maximumFiles, provide { $0.maximumFiles.map(Double.init) })
        self.provide(MetricCatalogue.threads, provide { Double($0.threads) })
        self.provide(MetricCatalogue.startTime, provide { $0.startTime })
        self.provide(MetricCatalogue.buildInfo) { [MetricSample(1, labels: [version])] }
        provideMemoryMetrics()
        provideMachineMetrics()
    }

    private func provideMemoryMetrics() {
        provide(MetricCatalogue.virtualMemory) {
            MemoryUse.current().map { [MetricSample(Double($0.virtual))] } ?? []
        }
        provide(MetricCatalogue.memoryByKind) {
            var samples: [MetricSample] = []
            if let memory = MemoryUse.current() {
                samples += Self.samples([
                    ("anonymous", memory.anonymous), ("mapped", memory.mapped), ("shared", memory.shared),
                ])
            }
            if let arena = ArenaUse.current() {
                samples += Self.samples([("arena", arena.held), ("arena_free", arena.free)])
            }
            return samples
        }
        provide(MetricCatalogue.diskBytes) {
            DiskUse.current().map { Self.samples([("read", $0.read), ("write", $0.written)]) } ?? []
        }
        provide(MetricCatalogue.gpuMemory) {
            GraphicsMemory.current().flatMap { device in
                [
                    MetricSample(Double(device.used), labels: [device.device, "used"]),
                    MetricSample(Double(device.total), labels: [device.device, "total"]),
                ]
            }
        }
    }

    private func provideMachineMetrics() {
        provide(MetricCatalogue.cgroupPeriods) {
            let group = ControlGroup.current()
            return Self.samples([("all", group.periods), ("throttled", group.throttledPeriods)])
        }
        provide(MetricCatalogue.cgroupThrottled) {
            ControlGroup.current().throttledSeconds.map { [MetricSample($0)] } ?? []
        }
        provide(MetricCatalogue.cgroupMemory) {
            let group = ControlGroup.current()
            return Self.samples([("used", group.memoryUsed), ("limit", group.memoryLimit)])
        }
        provide(MetricCatalogue.cgroupCores) { ControlGroup.current().cores.map { [MetricSample($0)] } ?? [] }
    }

    private static func samples(_ values: [(String, Int?)]) -> [MetricSample] {
        values.compactMap { label, value in value.map { MetricSample(Double($0), labels: [label]) } }
    }
}
