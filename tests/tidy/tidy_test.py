"""Goal: each rule of rules.py catches what it is there for, and lets the right way pass."""
import unittest

import rules


class RulesTest(unittest.TestCase):
    def expect(self, path, text, count):
        found = list(rules.check_source(path, "#pragma once\n" + text))
        self.assertEqual(count, len(found), found)

    def test_include_upwards(self):
        self.expect("shared/net/a.hpp", '#include "shared/beacon/b.hpp"\n', 1)
        self.expect("shared/beacon/a.hpp", '#include "shared/net/b.hpp"\n', 0)
        self.expect("shared/base/a.hpp", '#include "protector/b.hpp"\n', 1)

    def test_programs_use_each_other(self):
        self.expect("primary/a.cpp", '#include "protector/store.hpp"\n', 1)
        self.expect("primary/a.cpp", '#include "primary/b.hpp"\n', 0)

    def test_clock_sleep_and_chance(self):
        self.expect("shared/net/a.cpp", "auto t = std::chrono::steady_clock::now();\n", 1)
        self.expect("shared/base/a.cpp", "auto t = std::chrono::steady_clock::now();\n", 0)
        self.expect("primary/a.cpp", "std::this_thread::sleep_for(1s);\n", 1)
        self.expect("primary/a.cpp", "std::random_device device;\n", 1)

    def test_detached_tasks(self):
        self.expect("shared/net/a.cpp", "asio::co_spawn(io, f(), asio::detached);\n", 2)
        self.expect("tests/a.cpp", "co_spawn(io, f(), detached);  // detached\n", 1)

    def test_heavy_headers(self):
        self.expect("primary/a.cpp", "#include <boost/beast/http.hpp>\n", 1)
        self.expect("shared/beacon/a.cpp", "#include <curl/curl.h>\n", 1)
        self.expect("shared/protection/a.cpp", "#include <sqlite3.h>\n", 1)
        self.expect("primary/a.cpp", "#include <toml++/toml.h>\n#include <CLI/CLI.hpp>\n#include <prometheus/gauge.h>\n", 3)
        self.expect("shared/base/a.cpp", "#include <toml++/toml.h>\n#include <CLI/CLI.hpp>\n#include <prometheus/gauge.h>\n", 0)

    def test_co_await_in_condition(self):
        self.expect("primary/a.cpp", "if (co_await f()) return;\n", 1)
        self.expect("primary/a.cpp", "while (!co_await f()) {}\n", 1)
        self.expect("primary/a.cpp", "const bool yes = a ? co_await f() : false;\n", 1)
        self.expect("primary/a.cpp", "const bool yes = co_await f();\n", 0)
        self.expect("primary/a.cpp", "while (open()) co_await f();\n", 0)
        self.expect("primary/a.cpp", "if (open(1) &&\n    co_await f()) {}\n", 1)
        self.expect("primary/a.cpp", "const bool yes = a\n    ? b : co_await f();\n", 1)
        self.expect("primary/a.cpp", "// if (co_await f())\nlog(\"if (co_await f())\");\n", 0)

    def test_capturing_lambda_as_a_coroutine(self):
        self.expect("primary/a.cpp", "auto f = [&x](int y) -> Task<void> { co_await g(x, y); };\n", 1)
        self.expect("primary/a.cpp", "auto f = [this]() mutable -> Task<int> {\n  if (a) {}\n  co_return 1; };\n", 1)
        self.expect("primary/a.cpp", "auto f = [](X& x) -> Task<void> { co_await g(x); };\n", 0)
        self.expect("primary/a.cpp", "auto f = [&x](int y) -> Task<void> { return g(x, y); };\n", 0)

    def test_every_rule_reads_code_only(self):
        self.expect("primary/a.cpp", "// std::random_device\n/* detached\n detached */\nlog(R\"(rand())\", 'x', 1'000, \"rand()\");\n", 0)
        self.expect("primary/a.cpp", "int i = 1'000; rand(); int j = 1'000;\n", 1)

    def test_form(self):
        self.assertEqual(1, len(list(rules.check_source("primary/a.hpp", "int a;\n"))))
        self.expect("primary/a.cpp", "x" * 129 + "\n", 1)
        self.expect("primary/a.cpp", "\tint a;\n", 1)
        self.expect("primary/a.cpp", "\n" * 701, 1)

    def test_left_over(self):
        self.expect("primary/a.cpp", "// FIXME later\n", 1)

    def test_machine_path_and_registry(self):
        self.expect("primary/a.cpp", 'open("/work/x");\n', 1)
        self.expect("primary/a.cpp", 'get("https://pypi.org/x");\n', 1)


if __name__ == "__main__":
    unittest.main()
