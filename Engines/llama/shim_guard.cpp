// SPDX-License-Identifier: Apache-2.0

// Limits on time, memory and stack for code that interprets what models and callers bring: templates, grammars,
// schemas, answers.
//
// Such code is llama.cpp's and knows no limits. But it cannot get far without allocating, and every C++ allocation
// of this library comes by the operators below, since libstdc++ is linked into it. So the limits are checked there,
// and going beyond one throws. Nothing of it is seen from outside: the operators are not exported.

#include <pthread.h>
#include <setjmp.h>
#include <malloc.h>
#include <time.h>

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "shim.h"

namespace slipway {
namespace {

/// Thrown beyond a limit. Deliberately no std::exception: what catches those must not swallow it.
struct Exceeded {};

enum class Excess { none, time, memory, depth };

struct Budget {
    Budget *outer = nullptr;
    int64_t deadline = 0;
    size_t limit = 0;
    int64_t alive = 0;
    const char *floor = nullptr;
    uint32_t ticks = 0;
    uint64_t compared = 0;
    Excess excess = Excess::none;
    jmp_buf escape;
};

thread_local Budget *current = nullptr;

/// Of address space; pages are taken when they are reached.
constexpr size_t deep_stack = 1024u << 20;
/// How far guarded work may recurse: far more than honest templates and grammars do.
constexpr size_t deepest = 8u << 20;

int64_t now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

void check_time(Budget &budget) {
    if (budget.excess == Excess::none && now() > budget.deadline) budget.excess = Excess::time;
}

/// Before `count` bytes are allocated.
void charge(Budget &budget, size_t count) {
    if (budget.excess == Excess::none) {
        if (budget.alive > 0 ? count > budget.limit - std::min(size_t(budget.alive), budget.limit)
                             : count > budget.limit) {
            budget.excess = Excess::memory;
        } else if (static_cast<const char *>(__builtin_frame_address(0)) < budget.floor) {
            budget.excess = Excess::depth;
        } else if ((++budget.ticks & 255) == 0 || count > 65536) {
            check_time(budget);
        }
    }
    // While another exception is on its way, a second one would end the process.
    if (budget.excess != Excess::none && std::uncaught_exceptions() == 0) throw Exceeded{};
}

/// The lowest address that guarded work may reach on this thread.
const char *stack_floor() {
    thread_local const char *floor = nullptr;
    if (floor) return floor;
    pthread_attr_t attributes;
    void *base = nullptr;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &base, &size);
        pthread_attr_destroy(&attributes);
    }
    const char *here = static_cast<const char *>(__builtin_frame_address(0));
    // At most half of what there is: destructors recurse too, through what was built without recursion as well.
    if (!base) return here - 128 * 1024;
    floor = static_cast<const char *>(base) + size - std::min(size / 2, deepest);
    return floor;
}

/// A limit was exceeded where C++ allows no exception, such as in a destructor: leave without unwinding. What the
/// work had allocated is lost, which is rare and better than losing the process.
[[noreturn]] void on_terminate() {
    Budget *budget = current;
    if (budget && budget->excess != Excess::none) {
        // libstdc++ counts exceptions by thread; the abandoned one must not count for ever.
        struct Globals {
            void *caught;
            unsigned int uncaught;
        };
        auto *globals = reinterpret_cast<Globals *>(abi::__cxa_get_globals());
        globals->caught = nullptr;
        globals->uncaught = 0;
        longjmp(budget->escape, 1);
    }
    write_log(4, "llama.cpp ended the process: an exception that nothing handles");
    abort();
}

const char *reason(Excess excess) {
    switch (excess) {
        case Excess::time: return "it took longer than it may";
        case Excess::memory: return "it needed more memory than it may";
        case Excess::depth: return "it is nested too deeply";
        case Excess::none: break;
    }
    return "it cost more than it may";
}

void fill(SlwError *error, int code, const std::string &message) {
    if (!error) return;
    error->code = code;
    size_t count = std::min(message.size(), sizeof error->message - 1);
    // Not in the middle of a character
    while (count > 0 && count < message.size() && (message[count] & 0xC0) == 0x80) count--;
    memcpy(error->message, message.data(), count);
    error->message[count] = 0;
}

struct Scope {
    Budget &budget;
    explicit Scope(Budget &budget) : budget(budget) {
        budget.outer = current;
        current = &budget;
    }
    ~Scope() { current = budget.outer; }
};

/// Runs `work` within `budget`; false when a limit was exceeded.
bool run(Budget &budget, const std::function<void()> &work) {
    Budget *outer = current;
    if (setjmp(budget.escape) != 0) {
        current = outer;
        return false;
    }
    try {
        Scope scope(budget);
        work();
    } catch (const Exceeded &) {
        return false;
    }
    return budget.excess == Excess::none;
}

struct DeepWork {
    const std::function<void()> *work;
};

void *run_deep(void *argument) {
    (*static_cast<DeepWork *>(argument)->work)();
    return nullptr;
}

bool on_deep_thread(const std::function<void()> &work) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    pthread_attr_setstacksize(&attributes, deep_stack);
    DeepWork argument{&work};
    pthread_t thread;
    const int failed = pthread_create(&thread, &attributes, run_deep, &argument);
    pthread_attr_destroy(&attributes);
    if (failed) return false;
    pthread_join(thread, nullptr);
    return true;
}

}  // namespace

int protect(SlwError *error, const std::function<void()> &work) {
    try {
        work();
        return 0;
    } catch (const Failure &failure) {
        fill(error, failure.code, failure.what());
        return failure.code;
    } catch (const Exceeded &) {
        throw;  // of an outer guard
    } catch (const std::bad_alloc &) {
        fill(error, SLW_ERROR_OUT_OF_MEMORY, "llama.cpp ran out of memory");
        return SLW_ERROR_OUT_OF_MEMORY;
    } catch (const std::exception &exception) {
        fill(error, SLW_ERROR_FAILED, exception.what());
        return SLW_ERROR_FAILED;
    } catch (...) {
        fill(error, SLW_ERROR_FAILED, "llama.cpp failed without telling why");
        return SLW_ERROR_FAILED;
    }
}

int limited(SlwError *error, const Limits &limits, const std::function<void()> &work) {
    Budget budget;
    budget.deadline = now() + int64_t(limits.seconds * 1e9);
    budget.limit = limits.bytes;
    budget.floor = stack_floor();
    int code = 0;
    const bool is_within = run(budget, [&] { code = protect(error, work); });
    if (is_within) return code;
    fill(error, SLW_ERROR_TOO_COSTLY, reason(budget.excess));
    return SLW_ERROR_TOO_COSTLY;
}

int limited_deep(SlwError *error, const Limits &limits, const std::function<void()> &work) {
    int code = 0;
    if (on_deep_thread([&] { code = limited(error, limits, work); })) return code;
    fill(error, SLW_ERROR_OUT_OF_MEMORY, "no thread could be started");
    return SLW_ERROR_OUT_OF_MEMORY;
}

void deep(const std::function<void()> &work) {
    if (!on_deep_thread(work)) work();
}

void tick() {
    Budget *budget = current;
    if (!budget) return;
    check_time(*budget);
    charge(*budget, 0);
}

void install_guard() { std::set_terminate(on_terminate); }

}  // namespace slipway

using slipway::current;

// Private to this library: the version script exports none of it.

void *operator new(size_t count) {
    slipway::Budget *budget = current;
    if (__builtin_expect(budget != nullptr, 0)) slipway::charge(*budget, count);
    void *memory = malloc(count ? count : 1);
    if (!memory) throw std::bad_alloc();
    if (__builtin_expect(budget != nullptr, 0)) budget->alive += int64_t(malloc_usable_size(memory));
    return memory;
}

void operator delete(void *memory) noexcept {
    slipway::Budget *budget = current;
    if (__builtin_expect(budget != nullptr, 0) && memory) budget->alive -= int64_t(malloc_usable_size(memory));
    free(memory);
}

void *operator new[](size_t count) { return operator new(count); }
void operator delete[](void *memory) noexcept { operator delete(memory); }
void operator delete(void *memory, size_t) noexcept { operator delete(memory); }
void operator delete[](void *memory, size_t) noexcept { operator delete(memory); }

extern "C" {

int __real_memcmp(const void *one, const void *other, size_t count);

// Searching a long text for a long one compares for hours without allocating. An exception cannot pass through here,
// so beyond the deadline long texts count as equal: that ends the search, and the next allocation throws.
int __wrap_memcmp(const void *one, const void *other, size_t count) {
    slipway::Budget *budget = current;
    if (__builtin_expect(budget != nullptr, 0) && count >= 1024) {
        budget->compared += count;
        if (budget->compared > (1u << 20)) {
            budget->compared = 0;
            slipway::check_time(*budget);
        }
        if (budget->excess != slipway::Excess::none) return 0;
    }
    return __real_memcmp(one, other, count);
}
}
