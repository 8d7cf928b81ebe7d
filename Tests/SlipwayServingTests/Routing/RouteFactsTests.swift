// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Route facts")
struct RouteFactsTests {
    @Test(
        "finds a cookie among others",
        arguments: [
            ("sid=1", "1"), ("a=b; sid=1; c=d", "1"), ("a=b;sid=1", "1"), ("  sid=x y ; a=b", "x y"), ("sid=", ""),
            ("sid=a=b=c", "a=b=c"), ("sid=1; sid=2", "1"), ("xsid=1; sid=2", "2"), ("sidx=1; sid=2", "2"),
            ("sid=\"q\"", "\"q\""), ("sid=日本", "日本"), (";;;sid=1", "1"), ("\tsid=1\t", "1"), ("a; sid=1", "1"),
        ])
    func cookie(header: String, value: String) {
        #expect(RouteFacts(client: "") { $0 == "cookie" ? header : nil }.cookie("sid") == value)
    }

    @Test(
        "finds no cookie where there is none",
        arguments: ["", ";", "=", "sid", "SID=1", "sid =1", "a=sid=1", "a=\"; b=c", "====", "; ; ;"])
    func noCookie(header: String) {
        #expect(RouteFacts(client: "") { $0 == "cookie" ? header : nil }.cookie("sid") == nil)
    }

    @Test("without the header there are no cookies")
    func noHeader() {
        #expect(RouteFacts(client: "") { _ in nil }.cookie("sid") == nil)
    }

    @Test("never fails on a header of random bytes")
    func random() {
        var random = SplitMix64(seed: 5)
        for _ in 0..<2000 {
            let length = Int.random(in: 0...40, using: &random)
            let alphabet: [UInt8] = Array(";= s".utf8) + [0xff, 0x00]
            let bytes = (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
            let header = String(decoding: bytes, as: UTF8.self)
            let value = RouteFacts(client: "") { _ in header }.cookie("s")
            #expect(value.map { header.contains("s=\($0)") } ?? true)
        }
    }
}
