// SPDX-License-Identifier: Apache-2.0

// llama.cpp's log lines, on their way to the caller. Lines of its chat and grammar code hold what callers wrote, so
// those are not passed on.

#include <cstdarg>
#include <cstdio>
#include <mutex>

#include "ggml.h"
#include "shim.h"

namespace slipway {
namespace {

std::atomic<void (*)(int32_t, const char *, void *)> sink{nullptr};
std::atomic<void *> sink_user{nullptr};
thread_local LogCapture *capture = nullptr;
/// A line comes in pieces; every thread puts its own together.
thread_local std::string line;
thread_local int32_t line_level = 1;

constexpr size_t most_captured = 600;

int32_t level_of(ggml_log_level level) {
    switch (level) {
        case GGML_LOG_LEVEL_DEBUG: return 0;
        case GGML_LOG_LEVEL_WARN: return 2;
        case GGML_LOG_LEVEL_ERROR: return 3;
        default: return 1;
    }
}

void finish_line() {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty() && line.find_first_not_of('.') != std::string::npos) {
        if (capture && line_level >= 3 && capture->text.size() < most_captured) {
            if (!capture->text.empty()) capture->text += "; ";
            capture->text += line;
        }
        write_log(line_level, line);
    }
    line.clear();
}

void take(ggml_log_level level, const char *text, void *) {
    if (!text) return;
    if (level != GGML_LOG_LEVEL_CONT) {
        if (!line.empty()) finish_line();
        line_level = level_of(level);
    }
    if (line.size() < 4096) line += text;
    if (!line.empty() && line.back() == '\n') finish_line();
}

void take_abort(const char *message) { write_log(4, std::string("llama.cpp ends the process: ") + message); }

}  // namespace

void set_log(void (*log)(int32_t level, const char *text, void *user), void *user) {
    sink_user = user;
    sink = log;
    llama_log_set(take, nullptr);
    ggml_set_abort_callback(take_abort);
}

void write_log(int32_t level, const std::string &text) {
    if (auto log = sink.load()) log(level, text.c_str(), sink_user.load());
}

LogCapture::LogCapture() : outer(capture) { capture = this; }
LogCapture::~LogCapture() {
    if (!line.empty()) finish_line();
    capture = outer;
}

}  // namespace slipway

extern "C" {

// llama.cpp prints grammars that it cannot read to the standard error, whole.
int __wrap_fprintf(FILE *file, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int count = 0;
    if (file == stderr) {
        char text[200];
        count = vsnprintf(text, sizeof text, format, arguments);
        if (slipway::capture) slipway::capture->text += text;
    } else {
        count = vfprintf(file, format, arguments);
    }
    va_end(arguments);
    return count;
}
}
