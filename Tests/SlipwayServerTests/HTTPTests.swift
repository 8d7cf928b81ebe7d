// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServer
import Testing

@Suite("Compression of replies")
struct ReplyCompressionTests {
    @Test(
        "takes gzip before deflate, and nothing that is refused or unknown",
        arguments: [
            (nil, nil), ("", nil), ("gzip", "gzip"), ("GZIP", "gzip"), ("deflate", "deflate"),
            ("deflate, gzip", "gzip"),
            ("br, zstd", nil), ("identity", nil), ("gzip;q=0", nil), ("gzip;q=0.0, deflate", "deflate"),
            ("gzip; q=0.5", "gzip"), ("gzip ;q=1.0", "gzip"), ("gzip;q=x", "gzip"), ("gzip;q=-1", nil),
            ("gzip;q=nan", nil),
            (",,gzip,", "gzip"), (";;q=1", nil), ("x-gzip", nil),
        ] as [(String?, String?)])
    func choose(header: String?, coding: String?) {
        #expect(ReplyCompression.choose(header)?.name == coding)
    }
}

@Suite("Listen address")
struct ListenAddressTests {
    @Test(
        "reads HOST:PORT and writes it again",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65_535),
            ("0.0.0.0:1", "0.0.0.0", 1), ("example.com:80", "example.com", 80),
        ])
    func good(text: String, host: String, port: Int) {
        let address = ListenAddress(text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address?.description == text)
    }

    @Test(
        "refuses anything else",
        arguments: [
            "", ":", "8080", ":8080", "localhost", "localhost:", "localhost:x", "localhost:-1", "localhost:+1",
            "localhost:65536", "localhost:99999999999999999999", "::1:8080", "[]:80", "[::1]", "localhost: 80",
        ])
    func bad(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(
        "knows what only this machine can reach",
        arguments: [
            ("127.0.0.1", true), ("127.255.0.9", true), ("localhost", true), ("::1", true), ("0.0.0.0", false),
            ("::", false), ("10.0.0.1", false), ("127.example.com", false), ("127.0.0.1.example.com", false),
            ("localhost.example.com", false), ("127.0.0", false), ("127.0.0.256", false),
        ])
    func loopback(host: String, isLoopback: Bool) {
        #expect(ListenAddress(host: host, port: 1).isLoopback == isLoopback)
    }
}

@Suite("Server-Timing")
struct ServerTimingTests {
    @Test(
        "is in milliseconds with three decimals",
        arguments: [
            (InferenceTimings(), "queue;dur=0.000, batch;dur=0.000, compute;dur=0.000, encode;dur=0.000"),
            (
                InferenceTimings(
                    queue: .microseconds(1), batch: .microseconds(50), computeInput: .microseconds(20),
                    compute: .milliseconds(3), computeOutput: .microseconds(400), encode: .nanoseconds(1_999)),
                "queue;dur=0.001, batch;dur=0.050, compute;dur=3.420, encode;dur=0.001"
            ),
            (
                InferenceTimings(queue: .seconds(61), compute: .nanoseconds(999)),
                "queue;dur=61000.000, batch;dur=0.000, compute;dur=0.000, encode;dur=0.000"
            ),
            (
                InferenceTimings(queue: .milliseconds(-5)),
                "queue;dur=0.000, batch;dur=0.000, compute;dur=0.000, encode;dur=0.000"
            ),
        ])
    func text(timings: InferenceTimings, expected: String) {
        #expect(ServerTiming.text(timings) == expected)
    }
}
