#!/usr/bin/env python3
"""Checks an auditor's file of Weighbridge with nothing but Python's standard library.

read.py FILE prints what it recomputed, as JSON, and exits 0; the first thing that is
wrong ends it with 1. Numbers in brackets are those of SPEC.md."""
import base64, hashlib, json, re, sys, tarfile

ACTIVITIES = ("pretraining continued-pretraining fine-tuning preference-tuning reinforcement-learning rollout "
              "reward-model-training teacher-training teacher-inference synthetic-data data-processing evaluation "
              "exploration quantization-aware-training quantization merging recomputation inference").split()
GRADES = "declared derived reported measured attested".split()  # lowest first


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def need(truth, what):
    if not truth:
        sys.exit("WRONG: " + what)


def root_of(leaves):
    """RFC 6962, section 2.1 [A4]"""
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", root_of(leaves[:k]), root_of(leaves[k:]))


def proven(leaf, index, size, proof):
    """The root that an inclusion proof gives, RFC 9162, section 2.1.3.2 [A5]"""
    node, last = leaf, size - 1
    for other in proof:
        need(last > 0, "a proof is too long")
        if index & 1 or index == last:
            node = sha(b"\1", other, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha(b"\1", node, other)
        index, last = index >> 1, last >> 1
    need(last == 0, "a proof is too short")
    return node


def totals(records):
    """Sums by activity, unknown where one is unknown [A7]"""
    out = []
    for activity in ACTIVITIES:
        of = [r for r in records if r["activity"] == activity]
        if of:
            sums = {}
            for bound in ("low", "estimate", "high"):
                each = [r["operations"][bound] for r in of]
                sums[bound] = None if None in each else str(sum(map(int, each)))
            out.append({"activity": activity, "operations": sums, "records": len(of), "grade": min((r["grade"] for r in of), key=GRADES.index)})
    return out


def read_log(files, directory, named):
    origin, size, root = files[directory + "/head"].decode().splitlines()
    leaves, lines, records, slot, key, turns, withheld = [], [], {}, {}, {}, {}, 0
    for name in sorted(n for n in files if n.startswith(directory + "/entries-")):
        lines += files[name].decode().split("\n")[:-1]
    for index, line in enumerate(map(json.loads, lines)):
        magic, said_origin, said_index, commitment = line["header"].split("\n")[:4]
        need((magic, said_origin, said_index) == ("weighbridge.dev/entry/v1", origin, str(index)), f"header of {origin} entry {index} [A3]")
        leaves.append(sha(b"\0", line["header"].encode()))
        if "body" not in line:
            withheld += 1
            continue
        body = line["body"].encode()
        need("sha256:" + sha(bytes.fromhex(line["salt"]), body).hex() == commitment, f"body of {origin} entry {index} [A3]")
        body = json.loads(body)
        record, correction = body.get("record"), body.get("correction")
        for e in (record or (correction or {}).get("record") or body.get("note") or {}).get("evidence", []):
            named[e["digest"]] = e["size"]
        if "note" in body:  # a step of other work, in no total
            continue
        if correction:
            at = slot.pop(correction["entry"], None)
            need(at is not None or withheld, f"{origin} entry {index} corrects nothing [A6]")
            record = correction.get("record")
            if at is not None:
                slot[index], records[at], turns[at] = at, record, turns[at] + 1
        else:
            key[index] = record["run"], record["sequence"]
            slot[index], records[index], turns[index] = index, record, 0
        counting = [r for r in records.values() if r]
        need(withheld or body["totals"] == totals(counting), f"totals of {origin} entry {index} [A7]")
    need(len(leaves) == int(size) and root_of(leaves) == base64.b64decode(root), f"root of {origin} [A4]")
    for index, line in enumerate(map(json.loads, lines)):
        need(proven(leaves[index], index, int(size), [base64.b64decode(h) for h in line["proof"]]) == base64.b64decode(root), f"proof of {origin} entry {index} [A5]")
    return origin.split("/", 3)[3], [(key[i], turns[i], r) for i, r in records.items()], withheld


def main(path):
    files = {}
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            need(member.isfile() and member.name not in files, "member " + member.name + " [A1]")
            files[member.name] = archive.extractfile(member).read()
    manifest = json.loads(files.pop("manifest.json"))
    listed = [{"name": n, "size": len(d), "sha256": sha(d).hex()} for n, d in files.items()]
    need(manifest["files"] == listed, "the manifest's list of files [A2]")
    models, withheld, named, seen = {}, 0, {}, {}
    for log in manifest["logs"]:
        model, records, missing = read_log(files, log["directory"], named)
        need(missing == log["withheld"], "the manifest's log " + log["directory"] + " [A2]")
        withheld += missing if "model" in log else 0
        for key, turns, r in records:  # in several logs, the one that corrected it most counts [A8]
            if key not in seen or seen[key][0] < turns:
                seen[key] = turns, model, r
    for _, model, r in seen.values():
        if r:
            models.setdefault(model, []).append(r)
    for name in files:
        if name.startswith("evidence/"):
            need("sha256:" + name[9:] in named and sha(files[name]).hex() == name[9:], name + " [A9]")
    there = {"sha256:" + n[9:] for n in files if n.startswith("evidence/")}
    need(set(named) <= there | set(manifest["evidence"]["withheld"]) | set(manifest["evidence"]["missing"]), "evidence is missing [A9]")
    result = {"model": manifest["model"], "logs": len(manifest["logs"]), "withheld": withheld, "evidence": len(there)}
    if not withheld:  # the lineage, each model once [A10]
        order, missing, todo = [], [], [manifest["model"]]
        while todo:
            m = todo.pop()
            if m in order or m in missing:
                continue
            (order if m in models else missing).append(m)
            todo += [p["model"] for r in reversed(models.get(m, [])) for p in reversed(r.get("parents", []))]
        sums = totals([r for m in order for r in models[m]])
        for s in sums if missing else []:
            s["operations"]["estimate"] = s["operations"]["high"] = None
        stated = manifest["lineage"]
        need((sorted(stated["models"]), sorted(stated["missing"]), stated["activities"]) == (sorted(order), sorted(missing), sums), "the lineage [A10]")
        result["activities"] = sums
    print(json.dumps(result))


main(sys.argv[1])
