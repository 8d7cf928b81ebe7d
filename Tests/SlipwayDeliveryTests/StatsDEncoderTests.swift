// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import Testing

@Suite struct StatsDEncoderTests {
    private func lines(_ datagrams: [[UInt8]]) -> [String] {
        datagrams.flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) }
    }

    private func rows(_ value: Double, _ endpoint: String = "fraud") -> [MetricFamily] {
        [MetricFamily(MetricCatalogue.rows, points: [MetricPoint(labels: [endpoint, "3"], value: .number(value))])]
    }

    @Test("counters are told as what came since the last push")
    func counters() {
        var encoder = StatsDEncoder(.dogstatsd)
        #expect(
            lines(encoder.datagrams(rows(5))) == ["slipway_inference_rows:5|c|#endpoint:fraud,version:3"])
        #expect(
            lines(encoder.datagrams(rows(7))) == ["slipway_inference_rows:2|c|#endpoint:fraud,version:3"])
        #expect(
            lines(encoder.datagrams(rows(1))) == ["slipway_inference_rows:1|c|#endpoint:fraud,version:3"])
    }

    @Test("without tags label values are parts of the name, and cannot forge one")
    func plain() {
        var encoder = StatsDEncoder(.statsd)
        #expect(lines(encoder.datagrams(rows(5, "a:1|c\nb"))) == ["slipway_inference_rows.a_1_c_b.3:5|c"])
    }

    @Test("gauges below zero are set to zero first: a sign would be a change")
    func gauges() {
        var encoder = StatsDEncoder(.statsd)
        let family = MetricFamily(
            MetricCatalogue.inFlight, points: [MetricPoint(labels: [], value: .number(-2))])
        let name = "slipway_inference_in_flight"
        #expect(lines(encoder.datagrams([family])) == ["\(name):0|g", "\(name):-2|g"])
    }

    @Test("a histogram tells count, sum and quantiles of what came since the last push")
    func histograms() {
        var encoder = StatsDEncoder(.statsd)
        func family(_ cumulative: [UInt64], _ count: UInt64, _ sum: Double) -> [MetricFamily] {
            let value = HistogramValue(bounds: [1, 2, 4], cumulative: cumulative, count: count, sum: sum)
            return [
                MetricFamily(
                    MetricCatalogue.duration, points: [MetricPoint(labels: ["a", "1"], value: .histogram(value))])
            ]
        }
        _ = encoder.datagrams(family([10, 10, 10], 10, 5))
        let name = "slipway_inference_duration_seconds.a.1"
        // Ten more between 1 and 2: the median is half way.
        #expect(
            lines(encoder.datagrams(family([10, 20, 20], 20, 20))) == [
                "\(name).count:10|c", "\(name).sum:15|c", "\(name).p50:1.5|g", "\(name).p99:1.99|g",
            ])
        #expect(lines(encoder.datagrams(family([10, 20, 20], 20, 20))) == ["\(name).count:0|c", "\(name).sum:0|c"])
    }

    @Test("datagrams hold whole lines and never more than fits")
    func packing() {
        var encoder = StatsDEncoder(.dogstatsd)
        let points = (0..<500).map { MetricPoint(labels: ["endpoint\($0)", "1"], value: .number(1)) }
        let datagrams = encoder.datagrams([MetricFamily(MetricCatalogue.rows, points: points)])
        #expect(datagrams.count > 1)
        #expect(datagrams.allSatisfy { $0.count <= StatsDEncoder.maximumDatagram })
        #expect(lines(datagrams).count == 500)
        #expect(lines(datagrams).allSatisfy { $0.hasPrefix("slipway_inference_rows:1|c|#endpoint:") })
    }

    @Test("a datagram reaches a socket of this machine")
    func loopback() throws {
        let receiver = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(receiver) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> Int in
                guard bind(receiver, generic, size) == 0, getsockname(receiver, generic, &size) == 0 else { return 0 }
                return generic.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    Int($0.pointee.sin_port.bigEndian)
                }
            }
        }
        try #require(port > 0)
        let sender = try DatagramSocket(host: "127.0.0.1", port: port)
        #expect(sender.send(Array("a:1|c".utf8)))
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = recv(receiver, &buffer, buffer.count, 0)
        #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "a:1|c")
    }
}
