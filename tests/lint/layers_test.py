# SPDX-License-Identifier: Apache-2.0
"""The linter itself: a breach of each rule must be seen."""
import importlib.util
import pathlib
import unittest

spec = importlib.util.spec_from_file_location("layers", pathlib.Path(__file__).with_name("layers.py"))
layers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(layers)


class Check(unittest.TestCase):
    def test_include_upwards_is_a_breach(self):
        wrong = layers.check("runtime/spec/config.cc", "runtime/spec", True, "runtime/launch/plan.h")
        self.assertIn("may only point down", wrong)

    def test_include_of_a_neighbour_on_the_same_floor_is_a_breach(self):
        self.assertIsNotNone(layers.check("x.cc", "runtime/cgroup", True, "runtime/rootfs/rootfs.h"))

    def test_agent_must_not_link_the_launcher(self):
        wrong = layers.check("agent/api/server.cc", "agent/api", True, "runtime/launch/parent.h")
        self.assertIn("threaded", wrong)

    def test_third_party_header_stays_in_its_room(self):
        wrong = layers.check("agent/pods/worker.cc", "agent/pods", False, "httplib.h")
        self.assertIn("stays in agent/api", wrong)

    def test_json_in_a_header_is_a_breach(self):
        self.assertIn("json_fwd", layers.check("agent/api/x.h", "agent/api", False, "nlohmann/json.hpp"))

    def test_include_downwards_is_fine(self):
        self.assertIsNone(layers.check("runtime/launch/parent.cc", "runtime/launch", True, "runtime/base/error.h"))


if __name__ == "__main__":
    unittest.main()
