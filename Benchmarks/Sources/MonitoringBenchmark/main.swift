// SPDX-License-Identifier: Apache-2.0

// Measures the monitors: what one request costs them (`cost`), and what they find in a recorded stream (`replay`).

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "cost": try MonitorCost.run()
case "replay": try MonitorReplay.run(Array(arguments.dropFirst()))
default: throw ReplayError(message: "usage: MonitoringBenchmark cost\n" + MonitorReplay.usage)
}
