"""The house rules that a machine can check. Each rule takes a path (relative to the project) and a text, and yields (line, sentence)."""
import re

# design.md, section 4: a folder may use only those that stand before it.
LAYERS = ["base", "net", "ethereum", "beacon", "signing", "protection", "duties", "validator"]
PROGRAMS = ["primary", "secondary", "protector", "signer", "cli"]

SOURCE = (".cpp", ".hpp")
# What a call stands for, where it is allowed, and what to use instead.
BANNED = [
    (r"\b(system_clock|steady_clock|high_resolution_clock)::now\b", r"^shared/base/|^bench/", "take a Clock"),
    (r"\b(sleep_for|sleep_until)\s*\(\s*std::chrono|\bthis_thread::sleep|\busleep\s*\(|\bnanosleep\s*\(", r"^shared/base/|^tests/.*process", "await the Clock"),
    (r"\brandom_device\b|\bs?rand\s*\(", r"^shared/base/", "take a Random"),
    (r"\bco_spawn\s*\(", r"^shared/base/(task_group\.cpp|worker_pool\.hpp)$|^tests/", "give the task to a TaskGroup"),
    (r"\bdetached\b", r"^$", "give the task to a TaskGroup"),
    (r"#include <boost/beast", r"^shared/net/.*\.cpp$|^shared/net/.*transport.*\.hpp$|^tests/shared/net/", "use net's HttpServer"),
    (r"#include <curl/", r"^shared/net/|^bench/", "use net's HttpClient"),
    (r"#include <sqlite3", r"^protector/|^tests/protector/|^bench/", "ask the protector"),
    (r"#include <toml", r"^shared/base/|^shared/protection/cluster\.cpp$|^shared/duties/proposer_settings\.cpp$", "use base's OptionSet"),
    (r"#include <CLI/", r"^shared/base/|^tests/", "use base's OptionSet"),
    (r"#include <prometheus/", r"^shared/base/", "use base's Metrics"),
]
# GCC 12 compiles these wrongly: temporaries and conditions around a suspension.
CO_AWAIT_IN_EXPRESSION = re.compile(r"!\s*co_await\b|\?[^;{}]*\bco_await\b")
CONDITION = re.compile(r"\b(?:if|while|for)\s*\(")
# A lambda can only be a coroutine if it names its type.
CAPTURING_TASK = re.compile(r"\[[^\[\]]+\]\s*(?:\([^{};]*\))?[^{};()]*->\s*(?:\w+::)*(?:Task|awaitable)<[^{;]*\{")
LEFT_OVER = re.compile(r"\b(FIXME|TODO|XXX)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root)/")
# Written in pieces, so that this file passes its own check.
REGISTRY = re.compile(r"(pypi\." + r"org|crates\." + r"io/|proxy\.golang\." + r"org|registry\.npmjs\." + r"org|deb\.debian\." + r"org|files\.pythonhosted)")
LINE_MAX = 128
FILE_LINES_MAX = 700


def layer_of(path):
    found = re.match(r"^shared/(\w+)/", path)
    return found[1] if found else None


def includes(path, text):
    """shared/ from the bottom up; programs never use each other."""
    mine, program = layer_of(path), path.split("/")[0]
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'#include "([^"]+)"', line)
        if not found:
            continue
        other, top = layer_of(found[1]), found[1].split("/")[0]
        if mine and (not other or other not in LAYERS or LAYERS.index(other) > LAYERS.index(mine)):
            yield number, f"shared/{mine} may not use {found[1]}: only folders before it"
        if program in PROGRAMS and top in PROGRAMS and top != program:
            yield number, f"{program} may not use {top}"


def banned_calls(path, text):
    for number, code in enumerate(code_of(text).splitlines(), 1):
        for pattern, allowed, instead in BANNED:
            if re.search(pattern, code) and not re.search(allowed, path):
                yield number, f"banned here: {re.search(pattern, code)[0]}; {instead}"


# Comments, raw strings, strings, characters (but not the ' in 1'000).
NO_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|R\"(\w*)\(.*?\)\1\"|\"(?:\\\\.|[^\"\\\n])*\"|(?<!\w)'(?:\\\\.|[^'\\\n])+'", re.S)


def code_of(text):
    """The text with blanks for everything that is no code; lines stay where they are. #include lines stay whole."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found[0])

    includes_kept = re.sub(r'(#include )"([^"\n]+)"', r"\1<\2>", text)
    return NO_CODE.sub(blank, includes_kept)


def closed(code, start):
    """From the bracket that opens at `start` up to the one that closes it."""
    opening = code[start]
    closing = {"(": ")", "{": "}"}[opening]
    depth = 0
    for end in range(start, len(code)):
        depth += {opening: 1, closing: -1}.get(code[end], 0)
        if depth == 0:
            return code[start:end]
    return code[start:]


def coroutines(path, text):
    code = code_of(text)
    starts = [found.start() for found in CONDITION.finditer(code) if "co_await" in closed(code, found.end() - 1)]
    starts += [found.start() for found in CO_AWAIT_IN_EXPRESSION.finditer(code)]
    for line in sorted({code.count("\n", 0, start) + 1 for start in starts}):
        yield line, "co_await in a condition, after ! or in ?: is compiled wrongly by GCC 12; name its result first"
    for found in CAPTURING_TASK.finditer(code):
        if re.search(r"\bco_(await|return|yield)\b", closed(code, found.end() - 1)):
            line = code.count("\n", 0, found.start()) + 1
            yield line, "a capturing lambda as a coroutine: its captures may be gone when it goes on; give it parameters"


def form(path, text):
    if path.endswith(".hpp") and "#pragma once" not in text:
        yield 1, "no #pragma once"
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield len(lines), f"more than {FILE_LINES_MAX} lines: usually two subjects"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_MAX:
            yield number, f"longer than {LINE_MAX} columns"
        if "\t" in line:
            yield number, "a tab"


def left_overs(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if LEFT_OVER.search(line):
            yield number, "something is left to do here: do it, or open an issue"


def places(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if MACHINE_PATH.search(line):
            yield number, "a path of one machine"
        if REGISTRY.search(line):
            yield number, "the host name of a package registry"


def check_source(path, text):
    for rule in (includes, banned_calls, coroutines, form, left_overs, places):
        yield from rule(path, text)


def check_other(path, text):
    for rule in (left_overs, places):
        yield from rule(path, text)
