"""W2 in SimPy: the same system as w2.json, written as SimPy's own docs would write it.

Prints requests, process CPU seconds, requests per CPU second, mean and p99 latency in ms.
Usage: python w2_simpy.py REQUESTS
"""
import random
import sys
import time

import simpy

REPLICAS, SLOTS, CONNECTIONS, RATE, TIMEOUT = 8, 4, 16, 1500.0, 0.5


class System:
    def __init__(self, requests):
        self.env = simpy.Environment()
        self.api = [simpy.Resource(self.env, SLOTS) for _ in range(REPLICAS)]
        self.database = simpy.Resource(self.env, CONNECTIONS)
        self.rng = random.Random(1)
        self.latencies = []
        self.timeouts = 0
        self.env.process(self.clients(requests))

    def clients(self, requests):
        for n in range(requests):
            yield self.env.timeout(self.rng.expovariate(RATE))
            self.env.process(self.request(self.api[n % REPLICAS]))

    def request(self, replica):
        env, start = self.env, self.env.now
        work = env.process(self.work(replica, start))
        limit = env.timeout(TIMEOUT)
        yield work | limit
        if work.processed:
            self.latencies.append(env.now - start)
        else:
            self.timeouts += 1

    def work(self, replica, start):
        env, draw = self.env, self.rng.expovariate
        with replica.request() as slot:
            yield slot
            if env.now - start > TIMEOUT:
                return
            yield env.timeout(draw(1 / 0.010))
            yield env.timeout(draw(1 / 0.001))
            if self.rng.random() < 0.1:
                with self.database.request() as connection:
                    yield connection
                    yield env.timeout(draw(1 / 0.060))


def main():
    system = System(int(sys.argv[1]))
    began = time.process_time()
    system.env.run()
    took = time.process_time() - began
    latencies = sorted(system.latencies)
    requests = len(latencies) + system.timeouts
    mean = sum(latencies) / len(latencies) * 1e3
    p99 = latencies[int(len(latencies) * 0.99)] * 1e3
    print(f'{{"requests": {requests}, "cpu_s": {took:.3f}, "requests_per_s": {requests / took:.0f}, '
          f'"mean_ms": {mean:.2f}, "p99_ms": {p99:.1f}, "timeouts": {system.timeouts}}}')


main()
