#!/usr/bin/env python3
"""Checks that every case is what it says it is, with the `faultline` binary at hand.

    verify.py BINARY [NAME ...] [-v] [--seeds 5] [--jobs 2] [--kind faulty|reference|incidents]

For every seed from 1 on:
- a faulty design or an incident misses a requirement, with its `cure` it misses none, and each of its
  `tried` edits has the result it states (something still missed, something worse, or all cured);
- a reference design meets all of its requirements.
It also checks the form of the files and that no run takes more than 3 million events. It reads
nothing of what the binary concludes: only requirements, goodput and the event count. Exits 1 where
a case is not what it says.
"""
import argparse
import concurrent.futures
import copy
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("faulty", "reference", "incidents")
MOST_EVENTS = 3_000_000
FIELDS = {"why", "source", "roots", "also", "innocent", "must_say", "needs", "cure", "tried", "design"}
RESULTS = ("missed", "worse", "cured")


class Binary:
    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.rules = {line.split()[0] for line in self.output("rules").splitlines() if line.strip()}

    def output(self, *arguments, stdin=""):
        done = subprocess.run([self.path, *arguments], input=stdin, capture_output=True, text=True)
        if done.returncode != 0:
            raise ValueError(done.stderr.strip()[:600] or f"exit code {done.returncode}")
        return done.stdout

    def run(self, design, seed):
        text = self.output("run", "-", "--format", "json", "--seed", str(seed), stdin=json.dumps(design))
        report = json.loads(text)
        return {"events": report["run"]["events"], "status": report["run"]["status"],
                "goodput": report["requests"]["goodput_per_s"],
                "scores": {s["metric"]: s for s in report["requirements"]}}


# ------------------------------------------------------------------------------------------ edits

def link_ids(design):
    """The id of every link: its own, or `from->to`, with `#2` and so on for parallel ones."""
    seen, ids = {}, []
    for link in design.get("links", []):
        base = f"{link['from']}->{link['to']}"
        if not link.get("id"):
            seen[base] = seen.get(base, 0) + 1
        ids.append(link.get("id") or (base if seen[base] == 1 else f"{base}#{seen[base]}"))
    return ids


def put(thing, path, to):
    parts = [int(p[1:-1]) if p[0] == "[" else p for p in re.findall(r"\[\d+\]|[^.\[\]]+", path)]
    for part in parts[:-1]:
        if isinstance(part, str) and not isinstance(thing.get(part), (dict, list)):
            thing[part] = {}
        thing = thing[part]
    thing[parts[-1]] = to


def find(things, id):
    for thing in things:
        if thing["id"] == id:
            return thing
    raise ValueError(f"an edit names {id}, which the design does not have")


def edited(design, edits):
    """A copy of the design with the edits applied, in their order."""
    design = copy.deepcopy(design)
    for link, id in zip(design.get("links", []), link_ids(design)):
        link["id"] = id
    for edit in edits:
        if "node" in edit:
            put(find(design["nodes"], edit["node"]), edit["field"], edit["to"])
        elif "link" in edit:
            put(find(design["links"], edit["link"]), edit["field"], edit["to"])
        elif "setting" in edit:
            put(design, edit["setting"], edit["to"])
        elif "add_node" in edit:
            design["nodes"].append(edit["add_node"])
        elif "add_link" in edit:
            design["links"].append(edit["add_link"])
        elif "remove_link" in edit:
            design["links"].remove(find(design["links"], edit["remove_link"]))
        elif "remove_fault" in edit:
            design["faults"].pop(edit["remove_fault"])
        else:
            raise ValueError(f"unknown edit {sorted(edit)}")
    return design


# ----------------------------------------------------------------------------------------- scores

def number(text):
    """The number in the text of a score: durations in milliseconds."""
    match = re.fullmatch(r"(-?[\d.,]+(?:e-?\d+)?)(ns|us|ms|s|m|h)?.*", str(text).strip())
    if not match:
        return None
    unit = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6}.get(match[2], 1.0)
    return float(match[1].replace(",", "")) * unit


def missed(run):
    return sorted(metric for metric, score in run["scores"].items() if not score["met"])


def shortfall(score):
    """How far a missed score is from its bound, as a share of the bound or of 1."""
    bound, actual = number(score["target"].split()[-1]), number(score["actual"])
    if bound is None or actual is None:
        return None
    return abs(actual - bound)


def is_worse(before, after):
    """Whether a requirement is newly missed, one is missed by a tenth more, or goodput falls by 2 %."""
    n = len(before)
    if sum(r["goodput"] for r in after) < 0.98 * sum(r["goodput"] for r in before):
        return True
    for metric in before[0]["scores"]:
        was = [r["scores"][metric] for r in before]
        now = [r["scores"][metric] for r in after]
        if sum(s["met"] for s in was) == n and sum(s["met"] for s in now) == 0:
            return True
        if not any(s["met"] for s in was + now):
            far = [[shortfall(s) for s in side] for side in (was, now)]
            if None not in far[0] + far[1] and sum(far[1]) > 1.1 * sum(far[0]):
                return True
    return False


# ------------------------------------------------------------------------------------------ cases

def malformed(kind, case, rules):
    problems = [f"unknown field {field}" for field in sorted(set(case) - FIELDS)]
    if not str(case.get("why", "")).strip():
        problems.append("`why` is missing")
    design = case.get("design", {})
    known = {node["id"] for node in design.get("nodes", [])} | set(link_ids(design))
    if kind == "reference":
        if case.get("roots") or not design.get("requirements"):
            problems.append("a reference design has requirements and no `roots`")
        return problems
    if not case.get("roots") or not all(case["roots"]):
        problems.append("`roots` is missing")
    if not design.get("requirements") and not case.get("needs"):
        problems.append("a design without requirements needs `needs`")
    named = [r for root in case.get("roots", []) for r in root] + case.get("also", []) + case.get("innocent", [])
    problems += [f"unknown rule {r}" for r in named if r not in rules | {"unexplained"}]
    problems += [f"`must_say` names {i}, which the design does not have" for i in case.get("must_say", []) if i not in known]
    blamed = set(case.get("innocent", [])) & {r for root in case.get("roots", []) for r in root}
    problems += [f"{rule} is both a root and innocent" for rule in sorted(blamed)]
    if kind == "incidents" and not case.get("source"):
        problems.append("an incident has a `source`")
    for attempt in case.get("tried", []):
        if attempt.get("result") not in RESULTS or not attempt.get("what") or not attempt.get("edits"):
            problems.append(f"`tried` has `what`, `edits` and `result`, one of {', '.join(RESULTS)}")
    return problems


def verify(binary, kind, case, seeds):
    """Returns the problems of one case and a line that sums its runs up."""
    problems = malformed(kind, case, binary.rules)
    design = copy.deepcopy(case["design"])
    design["requirements"] = design.get("requirements", []) + case.get("needs", [])

    def runs(edits):
        return [binary.run(edited(design, edits), seed) for seed in range(1, seeds + 1)]

    plain = runs([])
    most = max(run["events"] for run in plain)
    if most > MOST_EVENTS:
        problems.append(f"{most:,} events, more than {MOST_EVENTS:,}")
    if any(run["status"] != "ended" for run in plain):
        problems.append("a run does not end")
    each = [missed(run) for run in plain]
    always = sorted(set.intersection(*map(set, each)))
    summary = f"{most / 1e6:.2f} M events, missed in all seeds: {', '.join(always) or 'none'}"
    if kind == "reference":
        problems += [f"seed {s}: misses {', '.join(m)} ({values(plain[s - 1], m)})" for s, m in enumerate(each, 1) if m]
        return problems, f"{most / 1e6:.2f} M events"
    if not always:
        problems.append(f"no requirement is missed in every seed: {each}")
    if case.get("cure"):
        cured = runs(case["cure"])
        for seed, run in enumerate(cured, 1):
            if missed(run):
                problems.append(f"seed {seed}: the cure leaves {values(run, missed(run))}")
    elif "unexplained" not in case["roots"][0] and "requirements-trap" not in case["roots"][0]:
        summary += "; no cure"
    for attempt in case.get("tried", []):
        after = runs(attempt["edits"])
        if attempt["result"] == "missed" and not all(missed(run) for run in after):
            problems.append(f"`{attempt['what']}` brings everything back in some seed")
        if attempt["result"] == "cured" and any(missed(run) for run in after):
            problems.append(f"`{attempt['what']}` does not bring everything back")
        if attempt["result"] == "worse" and not is_worse(plain, after):
            problems.append(f"`{attempt['what']}` makes nothing worse")
    return problems, summary


def values(run, metrics):
    return ", ".join(f"{m} {run['scores'][m]['actual']} ({run['scores'][m]['target']})" for m in metrics)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("names", nargs="*")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kind", choices=KINDS)
    options = parser.parse_intermixed_args()
    binary = Binary(options.binary)
    todo = []
    for kind in KINDS if not options.kind else (options.kind,):
        folder = os.path.join(HERE, kind)
        for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if file.endswith(".json") and (not options.names or file[:-5] in options.names):
                todo.append((kind, file[:-5], os.path.join(folder, file)))

    def one(item):
        kind, name, path = item
        try:
            with open(path, encoding="utf-8") as file:
                return verify(binary, kind, json.load(file), options.seeds)
        except (ValueError, KeyError, IndexError, StopIteration) as error:
            return [f"{type(error).__name__}: {error}"], ""

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for (kind, name, _), (problems, summary) in zip(todo, pool.map(one, todo)):
            bad += bool(problems)
            if problems or options.verbose:
                print(f"{kind}/{name}: {'NOT SO' if problems else 'ok'}; {summary}")
            for problem in problems:
                print(f"    {problem}")
            sys.stdout.flush()
    print(f"{len(todo)} cases, {len(todo) - bad} as they say, {bad} not; seeds 1 to {options.seeds}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
